// Shows a report. All text goes through textContent: nothing in a package is ever markup.

function make(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined && text !== null) made.textContent = text;
    if (className) made.className = className;
    return made;
}

function put(parent, ...parts) {
    parent.append(...parts.filter(Boolean));
    return parent;
}

function section(title, ...parts) {
    return put(make("section"), make("h2", title), ...parts);
}

function definitions(pairs) {
    const list = make("dl");
    for (const [name, value] of pairs) put(list, make("dt", name), make("dd", value));
    return list;
}

// A typed fingerprint counts only when it is whole.
function signerState(report, given) {
    if (!report.certificate || !report.sealed || !report.manifest) return "unsealed";
    if (!given) return "not_asked";
    return given === report.certificate.fingerprint ? "confirmed" : "refuted";
}

function showVerdict(report, given) {
    const box = document.getElementById("verdict");
    const findings = [...report.findings];
    if (given && report.certificate && given !== report.certificate.fingerprint) {
        findings.push({ code: "signer_differs", file: CERTIFICATE, facts: {} });
    }
    const result = findings.length > report.findings.length ? "changed" : report.result;
    const state = signerState(report, given);
    box.dataset.result = result;
    box.dataset.signer = state;
    box.className = `${result} ${state}`;
    box.hidden = false;
    const another = report.result === "intact" && result === "changed";
    const [sign, words] = VERDICTS[another ? "another_signer" : result];
    const title = put(make("h2"), make("span", sign, "sign"), ` ${words}`);
    const said = another ? summary(report, "intact") : summary(report, result, findings.length);
    box.replaceChildren(title, make("p", said));
    if (findings.length) put(box, findingList(findings));
    if (report.certificate) put(box, make("p", SIGNERS[state], `signer ${state}`));
}

function summary(report, result, count) {
    const package_ = `Tệp đã kiểm tra: ${report.package}.`;
    if (result === "unreadable") return package_;
    if (result === "changed") return `${package_} Có ${count} điểm không đúng như khi lập gói:`;
    const checked = `Cả ${report.files} tệp (${size(report.bytes)}) đúng như khi được ký.`;
    return `${package_} ${checked}`;
}

function findingList(findings) {
    const list = make("ul", null, "findings");
    for (const one of findings) {
        const row = make("li");
        row.dataset.code = one.code;
        row.dataset.file = one.file;
        put(list, put(row, make("strong", one.file), ` – ${sentence(one)}`));
    }
    return list;
}

function showFacts(report) {
    const box = document.getElementById("facts");
    box.replaceChildren();
    if (report.certificate) put(box, certificateSection(report.certificate));
    if (!report.manifest) return;
    const manifest = report.manifest;
    const zone = knownZone(manifest.time_zone);
    if (!report.sealed) {
        put(box, make("p", "Nội dung dưới đây lấy từ bản kê KHÔNG được chữ ký xác nhận.", "warning"));
    }
    put(
        box,
        packageSection(manifest, zone),
        section("Yêu cầu cung cấp hình ảnh", facts(manifest.request, zone)),
        listSection("Phê duyệt", manifest.approvals, zone),
        rangesSection(manifest, zone),
        custodySection(manifest.custody, zone),
        filesSection(report, zone),
    );
}

function certificateSection(certificate) {
    const pairs = [
        ["Chủ thể", certificate.subject],
        ["Nơi cấp", certificate.issuer === certificate.subject ? "Tự ký" : certificate.issuer],
        ["Hiệu lực", `${moment(certificate.beginMs, "UTC")} đến ${moment(certificate.endMs, "UTC")}`],
        ["Khóa", `RSA ${certificate.keyBits} bit`],
    ];
    const digits = make("p", grouped(certificate.fingerprint), "digits");
    digits.id = "digits";
    return section(
        "Chứng thư của người ký",
        make("p", "Dấu vân tay SHA-256 (so với dấu vân tay in trên biên bản):"),
        digits,
        definitions(pairs),
    );
}

function packageSection(manifest, zone) {
    const pairs = [
        ["Mã gói", manifest.package_id],
        ["Lập lúc", moment(manifest.made_utc_ms, zone)],
        ["Người lập", manifest.made_by],
        ["Nơi lập", manifest.site],
        ["Phần mềm", manifest.software],
        ["Múi giờ", `${manifest.time_zone} (mọi giờ dưới đây theo ${zone})`],
    ];
    return section("Gói chứng cứ", definitions(pairs));
}

// Any object of the manifest, with labels where its keys are known.
function facts(value, zone) {
    return definitions(inOrder(value).map(([key, inner]) => [label(key), words(key, inner, zone)]));
}

function words(key, value, zone) {
    if (value === null || value === "") return "–";
    if (typeof value === "boolean") return value ? "Có" : "Không";
    if (typeof value === "number") return numberWords(key, value, zone);
    if (Array.isArray(value)) return value.map((inner) => words("", inner, zone)).join("; ");
    if (typeof value === "object") {
        const pairs = inOrder(value);
        return pairs.map(([inner, one]) => `${label(inner)}: ${words(inner, one, zone)}`).join("; ");
    }
    return value;
}

function numberWords(key, value, zone) {
    if (key.endsWith("_utc_ms") && Math.abs(value) < RULES.most_time_ms) return moment(value, zone);
    return key.endsWith("_ms") ? duration(value) : decimal(value, 0);
}

function listSection(title, rows, zone) {
    if (!rows.length) return section(title, make("p", "Không có trong bản kê."));
    return section(title, ...rows.map((row) => facts(row, zone)));
}

function custodySection(rows, zone) {
    const list = make("ol", null, "custody");
    for (const row of rows) {
        put(
            list,
            put(make("li"), make("span", moment(row.at_utc_ms, zone), "at"), ` ${row.who}: ${row.what}`),
        );
    }
    return section("Quá trình lưu giữ và bàn giao", rows.length ? list : make("p", "Không có trong bản kê."));
}

function rangesSection(manifest, zone) {
    const found = section("Camera và khoảng thời gian");
    for (const camera of manifest.cameras) {
        const ranges = manifest.ranges.filter((range) => range.camera === camera.camera);
        put(
            found,
            make("h3", `${camera.name} (${camera.camera})`),
            make("p", `Đơn vị: ${camera.unit}`),
            make("p", clockWords(camera.clock_offset_ms)),
            ...ranges.map((range) => rangeBox(range, zone)),
        );
    }
    const known = new Set(manifest.cameras.map((camera) => camera.camera));
    for (const range of manifest.ranges.filter((one) => !known.has(one.camera))) {
        put(found, make("h3", range.camera), rangeBox(range, zone));
    }
    return found;
}

function rangeBox(range, zone) {
    const all = Math.max(range.to_utc_ms - range.from_utc_ms, 1);
    const there = range.pieces
        .filter((piece) => piece.kind === "recorded")
        .reduce((sum, one) => sum + long(one), 0);
    const share = decimal(Math.min((100 * there) / all, 100), 1);
    const box = make("div", null, "range");
    const title = `${moment(range.from_utc_ms, zone)} đến ${moment(range.to_utc_ms, zone)}`;
    const told = `Có hình ${duration(there)} trong ${duration(all)} (${share} %).`;
    put(box, make("h4", title), make("p", told), rangeBar(range, all), pieceList(range, zone));
    return box;
}

function long(piece) {
    return Math.max(piece.end_utc_ms - piece.begin_utc_ms, 0);
}

// For the eye only: the list below it says the same in words.
function rangeBar(range, all) {
    const bar = make("div", null, "bar");
    bar.setAttribute("aria-hidden", "true");
    for (const piece of range.pieces.slice(0, 2000)) {
        const part = make("span", null, piece.kind);
        part.style.width = `${(100 * long(piece)) / all}%`;
        put(bar, part);
    }
    return bar;
}

function pieceList(range, zone) {
    const list = make("ul", null, "pieces");
    const day = (utcMs) => moment(utcMs, zone).slice(8);
    const shown = day(range.from_utc_ms) === day(range.to_utc_ms) ? time : moment;
    for (const piece of range.pieces) {
        const when = `${shown(piece.begin_utc_ms, zone)}–${shown(piece.end_utc_ms, zone)}`;
        const note = piece.note ? ` – ${piece.note}` : "";
        const row = make("li", null, piece.kind);
        const text = `: ${PIECES[piece.kind]}, ${duration(long(piece))}${note}`;
        put(list, put(row, make("span", when, "at"), text));
    }
    return list;
}

function filesSection(report, zone) {
    const found = section("Các tệp trong gói");
    const there = new Set(report.source.names());
    const wrong = new Set(report.findings.map((one) => one.file));
    const state = (file) =>
        !there.has(file.path) ? "thiếu" : wrong.has(file.path) ? "✘ không khớp" : "✔ khớp";
    for (const [kind, title] of Object.entries(KINDS)) {
        const files = report.manifest.files.filter((file) => file.kind === kind);
        if (!files.length) continue;
        const group = make("details");
        group.open = files.length <= 12;
        put(group, make("summary", `${title}: ${files.length}`));
        put(group, ...files.map((file) => fileBox(report.source, file, state(file), zone)));
        put(found, group);
    }
    return found;
}

function fileBox(source, file, state, zone) {
    const box = make("div", null, "file");
    const mark = make("span", state, state.startsWith("✔") ? "good" : "bad");
    put(box, put(make("p"), mark, " ", make("strong", file.path), ` – ${size(file.size)}`));
    const details = Object.entries(file.details).filter(([key]) => key !== "sha256_at_recording");
    if (details.length) put(box, make("p", words("", Object.fromEntries(details), zone), "hint"));
    if (source.canRead(file.path)) put(box, actions(source, file, box));
    return box;
}

function actions(source, file, box) {
    const row = make("p", null, "actions");
    if (file.path.endsWith(".mp4")) {
        const watch = make("button", "Xem", "button");
        watch.type = "button";
        watch.addEventListener("click", () => {
            watch.disabled = true;
            const video = make("video");
            video.controls = true;
            video.src = URL.createObjectURL(source.blob(file.path, "video/mp4"));
            put(box, video);
            video.play().catch(() => {}); // a browser that waits for its user
        });
        put(row, watch);
    }
    const save = make("button", "Lưu tệp này", "button plain");
    save.type = "button";
    save.addEventListener("click", () => saveFile(source, file));
    return put(row, save);
}

function saveFile(source, file) {
    const link = make("a");
    link.href = URL.createObjectURL(source.blob(file.path, "application/octet-stream"));
    link.download = file.path.split("/").pop();
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
