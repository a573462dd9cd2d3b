// Vietnamese for what the manifest and the findings say.

const VERDICTS = {
    intact: ["✔", "Gói chứng cứ nguyên vẹn"],
    changed: ["✘", "Gói chứng cứ đã bị thay đổi"],
    another_signer: ["✘", "Người ký không đúng, hoặc dấu vân tay gõ sai: hãy so lại từng chữ số"],
    unreadable: ["?", "Không kiểm tra được"],
};
const SIGNERS = {
    not_asked: "Chưa đối chiếu người ký: hãy nhập dấu vân tay in trên biên bản vào ô phía trên.",
    confirmed: "Đã đối chiếu người ký: chứng thư có đúng dấu vân tay bạn nhập.",
    refuted: "Người ký KHÔNG đúng: chứng thư trong gói không có dấu vân tay bạn nhập.",
    unsealed: "Không xác nhận được người ký: chữ ký hoặc chứng thư không hợp lệ.",
};
const PIECES = {
    recorded: "Có hình",
    gap: "Không ghi được hình",
    removed: "Đã xóa theo thời hạn lưu trữ",
    missing: "Mất tệp đã ghi",
    unknown: "Không rõ",
};
const KINDS = {
    playable: "Video xem được (nối từ tệp gốc, không mã hóa lại)",
    derivative: "Bản dẫn xuất (đã xử lý, không thay thế tệp gốc)",
    source: "Tệp gốc (đúng như khi ghi hình)",
    document: "Tài liệu",
    verifier: "Chương trình kiểm tra",
};
const LABELS = {
    number: "Số",
    request_id: "Mã yêu cầu",
    requester: "Người yêu cầu",
    who: "Họ tên",
    approver: "Người duyệt",
    receiver: "Người nhận",
    position: "Chức vụ",
    unit: "Đơn vị",
    owning_unit: "Đơn vị quản lý hình ảnh",
    organization: "Cơ quan, tổ chức",
    purpose: "Mục đích sử dụng",
    legal_basis: "Căn cứ pháp lý",
    application_number: "Số đơn, văn bản đề nghị",
    application_date: "Ngày của đơn, văn bản",
    asked_utc_ms: "Thời điểm yêu cầu",
    at_utc_ms: "Thời điểm",
    decision: "Quyết định",
    on_behalf_of: "Theo ủy quyền của",
    reason: "Lý do",
    note: "Ghi chú",
    camera: "Camera",
    start_utc_ms: "Bắt đầu",
    from_utc_ms: "Từ",
    to_utc_ms: "Đến",
    end_utc_ms: "Kết thúc",
    duration_ms: "Thời lượng",
    first_utc_ms: "Hình đầu tiên",
    last_utc_ms: "Hình cuối cùng",
    part: "Phần",
    frames: "Số khung hình",
    sources: "Từ các tệp",
    done: "Đã xử lý",
};

// In the order of LABELS: a manifest is sorted by its keys. What is not known comes last.
function inOrder(value) {
    const order = Object.keys(LABELS);
    const rank = ([key]) => (key in LABELS ? order.indexOf(key) : order.length);
    return Object.entries(value).sort((one, other) => rank(one) - rank(other));
}

function label(key) {
    return LABELS[key] || key.replace(/_utc_ms$|_ms$/, "").replaceAll("_", " ");
}

function sentence(finding) {
    return RULES.texts[finding.code].replace(/\{(\w+)\}/g, (_all, key) => {
        const value = finding.facts[key];
        return key.endsWith("_ms") ? moment(value, "UTC") : String(value);
    });
}

// 08:00:03 ngày 26/11/2026
function moment(utcMs, zone) {
    const parts = {};
    for (const { type, value } of clock(zone).formatToParts(new Date(utcMs))) parts[type] = value;
    const { hour, minute, second, day, month, year } = parts;
    return `${hour}:${minute}:${second} ngày ${day}/${month}/${year}${zone === "UTC" ? " (UTC)" : ""}`;
}

// 08:00:03, or 08:00:03,250
function time(utcMs, zone) {
    const ms = utcMs % 1000;
    return moment(utcMs, zone).slice(0, 8) + (ms ? `,${String(ms).padStart(3, "0")}` : "");
}

function clock(zone) {
    const two = "2-digit";
    const parts = { hour: two, minute: two, second: two, day: two, month: two, year: "numeric" };
    return new Intl.DateTimeFormat("vi-VN", { ...parts, hourCycle: "h23", timeZone: zone });
}

// The zone of the manifest when the browser knows it.
function knownZone(zone) {
    try {
        clock(zone);
        return zone;
    } catch {
        return "UTC";
    }
}

function decimal(value, digits) {
    return value.toLocaleString("vi-VN", { maximumFractionDigits: digits });
}

function duration(ms) {
    if (ms < 60_000) return `${decimal(ms / 1000, 3)} giây`;
    const seconds = Math.round(ms / 1000);
    const parts = [
        [Math.floor(seconds / 3600), "giờ"],
        [Math.floor(seconds / 60) % 60, "phút"],
        [seconds % 60, "giây"],
    ];
    const shown = parts.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}`);
    return shown.join(" ");
}

function size(bytes) {
    const units = ["byte", "kB", "MB", "GB", "TB"];
    let [value, unit] = [bytes, 0];
    while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
    return `${decimal(value, unit ? 1 : 0)} ${units[unit]}`;
}

// What the clock in the picture tells, beside the server's that counts.
function clockWords(offsetMs) {
    if (offsetMs === null)
        return "Chưa đo được độ lệch của đồng hồ camera. Giờ trong bản kê là giờ của máy chủ.";
    const seconds = decimal(Math.abs(offsetMs) / 1000, 1);
    if (Math.abs(offsetMs) < 1000) {
        return `Đồng hồ camera lệch dưới 1 giây so với giờ máy chủ (${seconds} giây).`;
    }
    const way = offsetMs > 0 ? ["nhanh hơn", "sớm hơn"] : ["chậm hơn", "muộn hơn"];
    return (
        `Đồng hồ camera ${way[0]} giờ máy chủ ${seconds} giây. ` +
        `Nếu hình có in giờ của camera, giờ thật ${way[1]} giờ in trên hình ${seconds} giây.`
    );
}
