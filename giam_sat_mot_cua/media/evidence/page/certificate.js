// X.509 (RFC 5280) as far as it is needed, and RSASSA-PSS by the browser's own Web Crypto.

const RSA_OID = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

class Certificate {
    // Throws when `der` is no certificate with an RSA key.
    static async read(der) {
        const found = new Certificate();
        found.der = der;
        found.fingerprint = await sha256(der);
        const [whole] = children(der, { begin: 0, end: der.length }, 0x30, 1);
        const [body] = children(der, whole, 0x30, 3);
        let fields = children(der, body, 0);
        if (fields[0].tag === 0xa0) fields = fields.slice(1); // version
        if (fields.length < 6) throw new Error("not a certificate");
        const [, , issuer, validity, subject, key] = fields;
        found.issuer = distinguishedName(der, issuer);
        found.subject = distinguishedName(der, subject);
        [found.beginMs, found.endMs] = children(der, validity, 0, 2).map((one) => timeOf(der, one));
        found.spki = der.slice(key.start, key.end);
        found.readKey(key);
        return found;
    }

    readKey(key) {
        const [algorithm, bits] = children(this.der, key, 0x30, 2);
        const oid = this.der.slice(algorithm.begin, algorithm.begin + RSA_OID.length);
        if (!sameBytes(oid, RSA_OID) || this.der[bits.begin] !== 0) throw new Error("not an RSA key");
        const [numbers] = children(this.der, { begin: bits.begin + 1, end: bits.end }, 0x30, 1);
        const [modulus, exponent] = children(this.der, numbers, 2, 2);
        this.keyBits = bitsOf(this.der, modulus);
        const bits2 = bitsOf(this.der, exponent);
        const odd = this.der[modulus.end - 1] & 1 && this.der[exponent.end - 1] & 1;
        const [least, most] = RULES.key_bits;
        const fits = this.keyBits >= least && this.keyBits <= most;
        this.keyIsStrong = Boolean(odd && fits && bits2 >= 2 && bits2 <= RULES.exponent_bits);
    }

    async signed(message, signature) {
        const how = { name: "RSA-PSS", hash: "SHA-256" };
        try {
            const key = await crypto.subtle.importKey("spki", this.spki, how, false, ["verify"]);
            return await crypto.subtle.verify({ name: "RSA-PSS", saltLength: 32 }, key, signature, message);
        } catch {
            return false; // a key that the browser does not take
        }
    }
}

// The values in data[begin:end] of `place`, which they fill; the first has `tag`, and there are `count`.
function children(data, place, tag, count) {
    const found = [];
    let at = place.begin;
    while (at < place.end) {
        const start = at;
        let length = at + 1 < place.end ? data[at + 1] : 0x80;
        at += 2;
        if (length & 0x80) {
            const width = length & 0x7f;
            if (width < 1 || width > 4 || at + width > place.end)
                throw new Error("a length that DER has not");
            length = data.slice(at, at + width).reduce((sum, byte) => sum * 256 + byte, 0);
            at += width;
        }
        if (at + length > place.end) throw new Error("a value overruns");
        found.push({ start, begin: at, end: at + length, tag: data[start] });
        at += length;
    }
    if (!found.length || (tag && found[0].tag !== tag)) throw new Error("not what was expected");
    if (count && found.length !== count) throw new Error("not what was expected");
    return found;
}

function bitsOf(data, place) {
    let at = place.begin;
    while (at < place.end && data[at] === 0) at += 1;
    return at === place.end ? 0 : (place.end - at) * 8 - Math.clz32(data[at]) + 24;
}

function distinguishedName(data, place) {
    const parts = [];
    for (const group of children(data, place, 0x31)) {
        for (const pair of children(data, group, 0x30)) {
            const [kind, value] = children(data, pair, 6, 2);
            const oid = dotted(data.slice(kind.begin, kind.end));
            parts.push(`${RULES.names[oid] || oid}=${textOf(data.slice(value.begin, value.end), value.tag)}`);
        }
    }
    return parts.join(", ");
}

function dotted(oid) {
    const numbers = [];
    let value = 0;
    for (const byte of oid) {
        value = value * 128 + (byte & 0x7f);
        if (byte & 0x80) continue;
        numbers.push(value);
        value = 0;
    }
    if (!numbers.length) return "";
    const first = Math.min(Math.floor(numbers[0] / 40), 2);
    return [first, numbers[0] - 40 * first, ...numbers.slice(1)].join(".");
}

function textOf(data, tag) {
    const encoding = { 30: "utf-16be", 20: "latin1" }[tag] || "utf-8";
    return new TextDecoder(encoding).decode(data);
}

// UTC in ms of a UTCTime or GeneralizedTime.
function timeOf(data, place) {
    let digits = String.fromCharCode(...data.slice(place.begin, place.end));
    if (place.tag === 0x17) digits = (digits.slice(0, 2) >= "50" ? "19" : "20") + digits;
    if (!/^[0-9]{14}Z$/.test(digits)) throw new Error("not a time");
    const [, year, ...rest] = digits.match(/^(....)(..)(..)(..)(..)(..)Z$/).map(Number);
    const text = digits.replace(/^(....)(..)(..)(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
    const utcMs = Date.parse(text);
    if (!year || Number.isNaN(utcMs) || new Date(utcMs).getUTCDate() !== rest[1])
        throw new Error("not a time");
    return utcMs;
}

// DER of the certificates of a PEM file that holds nothing else, as a package has it.
function pemCertificates(data) {
    const begin = "-----BEGIN CERTIFICATE-----\n";
    const end = "-----END CERTIFICATE-----\n";
    let text = "";
    for (const byte of data) text += String.fromCharCode(byte);
    const found = [];
    while (text) {
        const at = text.indexOf(end);
        if (at < 0 || !text.startsWith(begin)) throw new Error("not a certificate");
        const body = text.slice(begin.length, at);
        const binary = atob(body);
        const lines = btoa(binary).match(/.{1,64}/g) || [];
        if (lines.map((line) => line + "\n").join("") !== body) throw new Error("not written as PEM is");
        found.push(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
        text = text.slice(at + end.length);
    }
    if (!found.length) throw new Error("no certificate");
    return found;
}

function grouped(fingerprint) {
    return fingerprint.match(/.{4}/g).join(" ").toUpperCase();
}
