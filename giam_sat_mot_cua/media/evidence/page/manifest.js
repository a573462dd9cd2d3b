// The manifest: its canonical form and its shape, as verify.py has them.

class ManifestFault extends Error {
    constructor(place) {
        super(place);
        this.place = place;
    }
}

class UnknownFormat extends Error {}

function parseManifest(data) {
    let manifest;
    try {
        manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
    } catch {
        throw new ManifestFault("$");
    }
    if (isObject(manifest) && typeof manifest.format === "string" && manifest.format !== RULES.format) {
        throw new UnknownFormat(manifest.format);
    }
    checkPlain(manifest, "$", 0);
    checkShape(manifest, RULES.shape, "$");
    checkFiles(manifest.files);
    if (!sameBytes(new TextEncoder().encode(canonical(manifest)), data)) throw new ManifestFault("$");
    return manifest;
}

function canonical(manifest) {
    return JSON.stringify(sorted(manifest), null, 1);
}

function sorted(value) {
    if (Array.isArray(value)) return value.map(sorted);
    if (!isObject(value)) return value;
    const copy = Object.create(null);
    for (const key of Object.keys(value).sort()) copy[key] = sorted(value[key]);
    return copy;
}

function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkFiles(files) {
    const paths = new Paths(RULES.seal);
    files.forEach((file, number) => {
        const place = `$.files[${number}]`;
        if (!paths.add(file.path)) throw new ManifestFault(`${place}.path`);
        if (file.kind === "source") checkShape(file.details, RULES.source_shape, `${place}.details`);
        const large = file.size > RULES.largest_without_pieces;
        if (large !== Object.hasOwn(file, "pieces")) throw new ManifestFault(`${place}.pieces`);
        checkShape(large ? file.pieces : [], ["sha256"], `${place}.pieces`);
    });
}

// Objects with simple keys, lists, texts, whole numbers that every reader keeps, true, false, null.
function checkPlain(value, place, depth) {
    if (depth > RULES.most_depth) throw new ManifestFault(place);
    if (Array.isArray(value)) {
        value.forEach((inner, number) => checkPlain(inner, `${place}[${number}]`, depth + 1));
    } else if (isObject(value)) {
        for (const [key, inner] of Object.entries(value)) {
            if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(key)) throw new ManifestFault(place);
            checkPlain(inner, `${place}.${key}`, depth + 1);
        }
    } else if (typeof value === "string") {
        if (/\p{Surrogate}/u.test(value)) throw new ManifestFault(place);
    } else if (typeof value === "number") {
        if (!Number.isSafeInteger(value)) throw new ManifestFault(place);
    }
}

function checkShape(value, shape, place) {
    if (Array.isArray(shape)) {
        if (!Array.isArray(value)) throw new ManifestFault(place);
        value.forEach((one, number) => checkShape(one, shape[0], `${place}[${number}]`));
    } else if (isObject(shape)) {
        if (!isObject(value)) throw new ManifestFault(place);
        for (const [key, inner] of Object.entries(shape)) {
            if (!Object.hasOwn(value, key)) throw new ManifestFault(`${place}.${key}`);
            checkShape(value[key], inner, `${place}.${key}`);
        }
    } else if (!fits(value, shape)) {
        throw new ManifestFault(place);
    }
}

function fits(value, kind) {
    if (Object.hasOwn(VALUES, kind)) return VALUES[kind](value);
    if (kind.startsWith("=")) return typeof value !== "boolean" && String(value) === kind.slice(1);
    return typeof value === "string" && kind.split("|").includes(value);
}

const VALUES = {
    text: (value) => typeof value === "string",
    "int?": (value) => value === null || Number.isSafeInteger(value),
    count: (value) => Number.isSafeInteger(value) && value >= 0,
    time: (value) => Number.isSafeInteger(value) && value >= 0 && value < RULES.most_time_ms,
    sha256: (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
    moment: (value) => typeof value === "string" && dosTime(value) !== null,
    path: isSafePath,
};

// A relative path that every system can unpack, written in the one way (NFC).
function isSafePath(value) {
    if (typeof value !== "string" || value.normalize("NFC") !== value) return false;
    const length = [...value].length;
    if (!length || length > 200) return false;
    return value
        .split("/")
        .every(
            (step) =>
                /^[^\x00-\x1f\x7f<>:"|?*\\/]{1,120}$/u.test(step) &&
                !/[. ]$/.test(step) &&
                !/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i.test(step),
        );
}

// The paths of a package: on any system all can be unpacked beside each other.
class Paths {
    constructor(first) {
        this.files = new Set();
        this.folders = new Map(); // as it is written, by its lower case
        first.forEach((path) => this.add(path));
    }

    add(path) {
        const steps = path.split("/");
        const above = steps.slice(1).map((_step, number) => steps.slice(0, number + 1).join("/"));
        const low = path.toLowerCase();
        if (this.files.has(low) || this.folders.has(low)) return false;
        if (above.some((folder) => this.files.has(folder.toLowerCase()))) return false;
        for (const folder of above) {
            const known = this.folders.get(folder.toLowerCase());
            if (known !== undefined && known !== folder) return false;
            this.folders.set(folder.toLowerCase(), folder);
        }
        this.files.add(low);
        return true;
    }
}

// [time, date] in a ZIP of 2026-11-26T08:00:00; null when a ZIP cannot say it.
function dosTime(moment) {
    const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(moment);
    if (!found) return null;
    const [year, month, day, hour, minute, second] = found.slice(1).map(Number);
    const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
    if (at.toISOString().slice(0, 19) !== moment) return null;
    if (year < 1980 || year > 2107 || second % 2) return null;
    return [(hour << 11) | (minute << 5) | (second >> 1), ((year - 1980) << 9) | (month << 5) | day];
}
