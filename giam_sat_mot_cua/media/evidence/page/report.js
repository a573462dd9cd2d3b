// What a verification finds. The rules (texts, shapes, limits) are those of verify.py, put into the page.

const RULES = JSON.parse(document.getElementById("rules").textContent);
const [MANIFEST, SIGNATURE, CERTIFICATE] = RULES.seal;

class Report {
    constructor(name) {
        this.package = name;
        this.findings = [];
        this.certificate = null;
        this.manifest = null;
        this.source = null; // Folder or Archive, for its videos
        this.sealed = false; // the signature fits, and the certificate is the named one
        this.files = 0;
        this.bytes = 0;
    }

    add(code, file, facts) {
        this.findings.push({ code, file: file || this.package, facts: facts || {} });
    }

    has(code, file) {
        return this.findings.some((one) => one.code === code && (!file || one.file === file));
    }

    get result() {
        if (!this.findings.length) return "intact";
        return this.findings.every((one) => RULES.unreadable.includes(one.code)) ? "unreadable" : "changed";
    }
}

// Nothing further can be judged; what was found says why.
class Stop extends Error {}

function hex(buffer) {
    return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(data) {
    return hex(await crypto.subtle.digest("SHA-256", data));
}

async function bytesOf(blob) {
    return new Uint8Array(await blob.arrayBuffer());
}

function sameBytes(one, other) {
    return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
