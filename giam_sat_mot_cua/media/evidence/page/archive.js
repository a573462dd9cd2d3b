// The package as a ZIP (APPNOTE 6.3.9), of which every byte must be as the writer writes it; or as a folder.

const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const MOST16 = 0xffff;
const MOST32 = 0xffffffff;
const SIGNS = {
    central: 0x02014b50,
    local: 0x04034b50,
    end: 0x06054b50,
    end64: 0x06064b50,
    locator: 0x07064b50,
};
const MADE = (3 << 8) | 45;
const NEEDED = 45;
const ATTRIBUTES = (0o100644 << 16) >>> 0;

class Folder {
    constructor(files, report) {
        this.files = new Map();
        for (const file of files) {
            const path = (file.webkitRelativePath || file.name)
                .split("/")
                .slice(1)
                .join("/")
                .normalize("NFC");
            if (this.files.has(path)) report.add("duplicate_entry", path);
            else this.files.set(path, file);
        }
    }

    names() {
        return [...this.files.keys()].sort();
    }

    canRead(name) {
        return this.files.has(name);
    }

    blob(name, type) {
        return this.files.get(name).slice(0, this.files.get(name).size, type);
    }

    checkAgainst() {
        // a folder has nothing but its files
    }
}

async function readAt(blob, at, count) {
    return new DataView(await blob.slice(Math.max(at, 0), Math.max(at + count, 0)).arrayBuffer());
}

function u64(view, at) {
    return Number(view.getBigUint64(at, true));
}

function starts(view, sign) {
    return view.byteLength >= 4 && view.getUint32(0, true) === sign;
}

function bytesIn(view, at, count) {
    return new Uint8Array(view.buffer, view.byteOffset + at, count);
}

// An entry of the directory.
class Entry {
    // Throws when there is none at `at`.
    constructor(view, at, shift) {
        if (view.getUint32(at, true) !== SIGNS.central) throw new Error("not an entry");
        const u16 = (offset) => view.getUint16(at + offset, true);
        const u32 = (offset) => view.getUint32(at + offset, true);
        this.flags = u16(8);
        this.method = u16(10);
        this.time = u16(12);
        this.date = u16(14);
        this.crc = u32(16);
        const [name, extra, comment] = [u16(28), u16(30), u16(32)];
        this.end = at + CENTRAL_BYTES + name + extra + comment;
        if (this.end > view.byteLength) throw new Error("an entry overruns");
        this.raw = bytesIn(view, at + CENTRAL_BYTES, name);
        const [text, wellNamed] = decodeName(this.raw, this.flags);
        this.name = text;
        const fields = [u32(24), u32(20), u32(42)];
        const wellSized = widen(fields, bytesIn(view, at + CENTRAL_BYTES + name, extra));
        [this.size, this.packed, this.offset] = fields;
        this.offset += shift;
        const fixed = u16(4) === MADE && u16(6) === NEEDED && !comment && !u16(34) && !u16(36);
        this.regular = fixed && u32(38) === ATTRIBUTES && wellNamed && wellSized;
        this.begin = null; // of its content, when it can be read
    }

    get stored() {
        return this.method === 0 && !(this.flags & 0x2041) && this.packed === this.size;
    }

    // Whether the header before the content agrees; finds the content, which ends before `limit`.
    async lookAtHeader(blob, limit) {
        const head = await readAt(blob, this.offset, LOCAL_BYTES);
        if (head.byteLength < LOCAL_BYTES || !starts(head, SIGNS.local)) return false;
        const [name, extra] = [head.getUint16(26, true), head.getUint16(28, true)];
        const rest = new Uint8Array((await readAt(blob, this.offset + LOCAL_BYTES, name + extra)).buffer);
        const begin = this.offset + LOCAL_BYTES + name + extra;
        if (begin + this.packed > limit) return false;
        this.begin = begin;
        const said = [4, 6, 8, 10, 12].map((offset) => head.getUint16(offset, true));
        const real = [NEEDED, this.flags, this.method, this.time, this.date];
        if (said.some((value, number) => value !== real[number])) return false;
        if (head.getUint32(14, true) !== this.crc || !sameBytes(rest.slice(0, name), this.raw)) return false;
        return this.sizesAgree(head.getUint32(22, true), head.getUint32(18, true), rest.slice(name));
    }

    // The ZIP64 record always follows; the header's own fields may say "see there".
    sizesAgree(size, packed, extra) {
        if (extra.length !== 20) return false;
        const view = new DataView(extra.buffer, extra.byteOffset);
        if (view.getUint16(0, true) !== 1 || view.getUint16(2, true) !== 16) return false;
        if (u64(view, 4) !== this.size || u64(view, 12) !== this.packed) return false;
        return (size === this.size && packed === this.packed) || (size === MOST32 && packed === MOST32);
    }
}

// Puts into `fields` what the ZIP64 record brings; whether `extra` holds that and nothing else.
function widen(fields, extra) {
    if (!extra.length) return true;
    const places = [0, 1, 2].filter((number) => fields[number] === MOST32);
    const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
    const length = 8 * places.length;
    if (!length || extra.length !== 4 + length) return false;
    if (view.getUint16(0, true) !== 1 || view.getUint16(2, true) !== length) return false;
    places.forEach((place, number) => (fields[place] = u64(view, 4 + 8 * number)));
    return true;
}

// The name, and whether it is written as it must be: UTF-8, the flag only where it is needed.
function decodeName(raw, flags) {
    try {
        const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
        return [name, flags === (raw.every((byte) => byte < 0x80) ? 0 : 0x800)];
    } catch {
        return [new TextDecoder("latin1").decode(raw), false];
    }
}

class Archive {
    // Throws Stop when the directory cannot be read.
    static async open(blob, report) {
        const found = new Archive();
        Object.assign(found, { zip: blob, report, entries: new Map(), order: [] });
        await found.findEnd();
        await found.readDirectory();
        await found.lookAtHeaders();
        found.lookBetween();
        return found;
    }

    stop(code) {
        this.report.add(code);
        throw new Stop(code);
    }

    hidden(begin, end) {
        if (end > begin) this.report.add("hidden_bytes", "", { count: end - begin, at: begin });
    }

    // The records at the end: where the directory lies.
    async findEnd() {
        const begin = Math.max(0, this.zip.size - END_BYTES - MOST16);
        const tail = await readAt(this.zip, begin, this.zip.size - begin);
        let place = tail.byteLength - END_BYTES;
        while (place >= 0 && tail.getUint32(place, true) !== SIGNS.end) place -= 1;
        if (place < 0) {
            const zip = starts(await readAt(this.zip, 0, 4), SIGNS.local);
            this.stop(zip ? "truncated" : "not_a_package");
        }
        const at = begin + place;
        this.hidden(at + END_BYTES, this.zip.size);
        const u16 = (offset) => tail.getUint16(place + offset, true);
        const said = [u16(10), tail.getUint32(place + 12, true), tail.getUint32(place + 16, true)];
        const real = await this.findWideEnd(at, said);
        [this.count, this.length, this.begin] = real;
        const most = [MOST16, MOST32, MOST32];
        const short = real.every((value, number) => said[number] === Math.min(value, most[number]));
        if (u16(4) || u16(6) || u16(8) !== u16(10) || u16(20) || !short) this.report.add("archive_records");
        await this.findDirectory();
    }

    // [entries, bytes of the directory, its place], with what the ZIP64 records say.
    async findWideEnd(at, said) {
        this.end = at;
        const locator = await readAt(this.zip, at - LOCATOR_BYTES, at >= LOCATOR_BYTES ? LOCATOR_BYTES : 0);
        if (!starts(locator, SIGNS.locator)) return said;
        const place = at - LOCATOR_BYTES - END64_BYTES;
        const record = await readAt(this.zip, place, place >= 0 ? END64_BYTES : 0);
        if (!starts(record, SIGNS.end64)) this.stop("archive_records");
        this.end = place;
        const [here, count] = [u64(record, 24), u64(record, 32)];
        const versions = record.getUint16(12, true) === 45 && record.getUint16(14, true) === 45;
        const disks = !record.getUint32(16, true) && !record.getUint32(20, true);
        const fixed = u64(record, 4) === 44 && versions && disks && here === count;
        const found = u64(locator, 8) === place && !locator.getUint32(4, true);
        if (!fixed || !found || locator.getUint32(16, true) !== 1) this.report.add("archive_records");
        return [count, u64(record, 40), u64(record, 48)];
    }

    // It ends where the records begin. When bytes were put before all, places count from after them.
    async findDirectory() {
        this.shift = 0;
        if (this.begin + this.length > this.end || this.length > RULES.largest_directory) {
            this.stop("archive_records");
        }
        const gap = this.end - this.begin - this.length;
        if (!gap) return;
        if (starts(await readAt(this.zip, this.begin, 4), SIGNS.central)) {
            this.hidden(this.begin + this.length, this.end);
            return;
        }
        this.begin += gap;
        if (starts(await readAt(this.zip, gap, 4), SIGNS.local)) this.shift = gap;
        else this.report.add("archive_records");
    }

    async readDirectory() {
        const view = await readAt(this.zip, this.begin, this.length);
        let at = 0;
        try {
            while (at < view.byteLength) {
                const entry = new Entry(view, at, this.shift);
                at = entry.end;
                this.order.push(entry);
            }
        } catch {
            this.stop("archive_records");
        }
        if (this.order.length !== this.count) this.report.add("archive_records");
        for (const entry of this.order) {
            if (this.entries.has(entry.name)) this.report.add("duplicate_entry", entry.name);
            else this.entries.set(entry.name, entry);
        }
    }

    async lookAtHeaders() {
        for (const entry of this.order) {
            const agrees = await entry.lookAtHeader(this.zip, this.begin);
            if (!entry.stored) this.report.add("compressed_entry", entry.name);
            else if (!agrees || !entry.regular) this.report.add("entry_header", entry.name);
        }
    }

    // Headers and contents lie end to end, from the first byte to the directory.
    lookBetween() {
        const byPlace = [...this.order].sort((one, other) => one.offset - other.offset);
        if (byPlace.some((entry, number) => entry !== this.order[number])) this.report.add("entry_order");
        let at = 0;
        for (const entry of byPlace) {
            if (at !== null && entry.offset < at) this.report.add("entry_header", entry.name);
            else if (at !== null) this.hidden(at, entry.offset);
            at = entry.begin === null ? null : Math.max(entry.begin + entry.packed, at || 0);
        }
        if (at !== null) this.hidden(at, this.begin);
    }

    // Order, times and CRC-32 as the manifest has them.
    checkAgainst(manifest) {
        const expected = [...manifest.files.map((file) => file.path), ...RULES.seal];
        const wanted = new Set(expected);
        const found = this.order.map((entry) => entry.name).filter((name) => wanted.has(name));
        const there = expected.filter((name) => this.entries.has(name));
        const same = found.length === there.length && found.every((name, at) => name === there[at]);
        if (!same && !this.report.has("duplicate_entry") && !this.report.has("entry_order")) {
            this.report.add("entry_order");
        }
        const [time, date] = dosTime(manifest.archive.entry_time);
        const sums = new Map(manifest.files.map((file) => [file.path, file.crc32]));
        for (const entry of this.entries.values()) {
            const crc = sums.has(entry.name) ? sums.get(entry.name) : entry.crc;
            if (entry.time !== time || entry.date !== date || entry.crc !== crc) this.headerWrong(entry.name);
        }
    }

    headerWrong(name) {
        if (!this.report.has("entry_header", name)) this.report.add("entry_header", name);
    }

    names() {
        return [...this.entries.keys()];
    }

    canRead(name) {
        const entry = this.entries.get(name);
        return Boolean(entry && entry.stored && entry.begin !== null);
    }

    // Content, without copying it.
    blob(name, type) {
        const entry = this.entries.get(name);
        return this.zip.slice(entry.begin, entry.begin + entry.packed, type);
    }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_value, byte) => {
    let sum = byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
    return sum >>> 0;
});

function crc32(data) {
    let sum = MOST32;
    for (const byte of data) sum = CRC_TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
    return (sum ^ MOST32) >>> 0;
}
