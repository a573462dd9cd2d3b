// What the user picks, drops and types.

const page = { report: null, turn: 0 };

function field(id) {
    return document.getElementById(id);
}

// 64 digits, or "" while there are not as many.
function typedFingerprint() {
    const digits = field("fingerprint")
        .value.replace(/[\s:.-]/g, "")
        .toLowerCase();
    return /^[0-9a-f]{64}$/.test(digits) ? digits : "";
}

function typed() {
    const digits = field("fingerprint").value.replace(/[\s:.-]/g, "");
    const odd = /[^0-9a-f]/i.test(digits) ? " Có ký tự không phải 0–9, A–F." : "";
    const whole = typedFingerprint() !== "";
    field("fingerprint-state").textContent =
        digits && !whole ? `Đã nhập ${digits.length} trong 64 chữ số.${odd}` : "";
    if (page.report) showVerdict(page.report, typedFingerprint());
}

async function pick(picked) {
    page.turn += 1;
    const turn = page.turn;
    page.report = null;
    field("verdict").hidden = true;
    delete field("verdict").dataset.result;
    field("facts").replaceChildren();
    const report = await judged(picked, turn);
    if (turn !== page.turn) return; // another package was picked meanwhile
    page.report = report;
    field("progress").hidden = true;
    showVerdict(report, typedFingerprint());
    showFacts(report);
}

async function judged(picked, turn) {
    try {
        return await verifyPackage(picked, (read, of) => turn === page.turn && progress(read, of));
    } catch (error) {
        console.error(error);
        const report = new Report(picked.zip ? picked.zip.name : "");
        report.add("read_failed");
        return report;
    }
}

function progress(read, of) {
    const row = field("progress");
    row.hidden = false;
    row.querySelector("progress").value = of ? read / of : 0;
    row.querySelector("span").textContent = `Đang kiểm tra: ${size(read)} trong ${size(of)}`;
}

function start() {
    if (!globalThis.crypto || !crypto.subtle) {
        const text =
            "Trình duyệt này không có chức năng kiểm tra chữ ký. Hãy dùng bản mới của Chrome, Edge hoặc Firefox.";
        field("choose").replaceChildren(make("p", text, "warning"));
        return;
    }
    field("zip").addEventListener("change", (event) => {
        const [zip] = event.target.files;
        if (zip) pick({ zip });
    });
    field("folder").addEventListener("change", (event) => {
        const folder = [...event.target.files];
        if (folder.length) pick({ folder });
    });
    field("fingerprint").addEventListener("input", typed);
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
        event.preventDefault();
        const [zip] = event.dataTransfer.files;
        if (zip) pick({ zip });
    });
}

start();
