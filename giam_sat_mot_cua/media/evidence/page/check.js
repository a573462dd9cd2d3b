// What must be true of a package: the same checks, in the same order, as verify.py.

// `pick`: {zip: File} or {folder: [File]}. `told(read, of)`: bytes, while files are hashed.
async function verifyPackage(pick, told) {
    const folder = pick.folder && pick.folder[0];
    const name = folder ? folder.webkitRelativePath.split("/")[0] : pick.zip ? pick.zip.name : "";
    const report = new Report(name);
    try {
        const source = pick.zip ? await Archive.open(pick.zip, report) : new Folder(pick.folder, report);
        report.source = source;
        await checkPackage(source, report, told);
    } catch (error) {
        if (error instanceof Stop) return report;
        if (!(error instanceof DOMException)) throw error;
        report.add("read_failed");
    }
    return report;
}

async function checkPackage(source, report, told) {
    const seal = await readSeal(source, report);
    const chain = await readCertificate(seal[CERTIFICATE], report);
    await checkSignature(seal, report);
    report.manifest = readManifest(seal[MANIFEST], report);
    if (report.manifest) {
        checkCertificate(report.manifest, chain, report);
        source.checkAgainst(report.manifest);
        await checkListed(source, report.manifest, report, told);
        await checkPage(source, report);
    }
    checkSealSums(source, seal, report);
    checkOwnPage(report);
}

// Content of the three files that the manifest does not list.
async function readSeal(source, report) {
    const names = new Set(source.names());
    if (!RULES.seal.some((name) => names.has(name))) {
        report.add("not_a_package");
        throw new Stop();
    }
    const found = {};
    for (const name of RULES.seal) {
        if (!names.has(name)) report.add("missing_file", name);
        else if (!source.canRead(name)) continue;
        else if (source.blob(name).size > RULES.largest_seal[name]) {
            report.add(RULES.too_large[name], name, { place: "$" });
        } else found[name] = await bytesOf(source.blob(name));
    }
    return found;
}

// Sets the signer's certificate; returns the fingerprints of the chain.
async function readCertificate(data, report) {
    if (!data) return [];
    try {
        const chain = pemCertificates(data);
        const certificate = await Certificate.read(chain[0]);
        report.certificate = certificate;
        return await Promise.all(chain.map(sha256));
    } catch {
        report.add("certificate_unreadable", CERTIFICATE);
        return [];
    }
}

async function checkSignature(seal, report) {
    const certificate = report.certificate;
    if (!certificate || !seal[MANIFEST] || !seal[SIGNATURE]) return;
    if (!certificate.keyIsStrong) {
        report.add("weak_key", CERTIFICATE, { bits: certificate.keyBits });
    } else if (await certificate.signed(seal[MANIFEST], seal[SIGNATURE])) {
        report.sealed = true;
    } else {
        report.add("signature_wrong", SIGNATURE);
    }
}

function readManifest(data, report) {
    if (!data) return null;
    try {
        return parseManifest(data);
    } catch (error) {
        if (error instanceof ManifestFault) {
            report.add("manifest_unreadable", MANIFEST, { place: error.place });
        } else if (error instanceof UnknownFormat) {
            const facts = { found: error.message.slice(0, 60), expected: RULES.format };
            report.add("unknown_format", MANIFEST, facts);
        } else if (error instanceof RangeError) {
            report.add("manifest_unreadable", MANIFEST, { place: "$" }); // too deep for the browser
        } else throw error;
        return null;
    }
}

function checkCertificate(manifest, chain, report) {
    const certificate = report.certificate;
    if (!certificate) return;
    const named = manifest.certificate;
    if (chain.join() !== named.chain.join() || certificate.fingerprint !== named.fingerprint) {
        report.add("certificate_differs", CERTIFICATE);
        report.sealed = false;
    }
    const made = manifest.made_utc_ms;
    if (made < certificate.beginMs || made > certificate.endMs) {
        const times = { made_ms: made, begin_ms: certificate.beginMs, end_ms: certificate.endMs };
        report.add("certificate_not_valid", CERTIFICATE, times);
        report.sealed = false;
    }
}

// The page inside the package names the certificate too.
async function checkPage(source, report) {
    if (!report.certificate || !source.canRead(RULES.page)) return;
    const page = source.blob(RULES.page);
    if (page.size > RULES.largest_seal[CERTIFICATE]) return;
    const text = await page.text();
    const named = [...text.matchAll(/<meta name="gsmc-certificate" content="([0-9a-f]{64})"/g)];
    if (named.length !== 1 || named[0][1] !== report.certificate.fingerprint) {
        report.add("certificate_in_page", RULES.page);
    }
}

// And so does this page, unless it is one for all packages.
function checkOwnPage(report) {
    const own = document.querySelector('meta[name="gsmc-certificate"]').content;
    if (!own || !report.certificate || own === report.certificate.fingerprint) return;
    if (!report.has("certificate_in_page", RULES.page)) report.add("certificate_in_page", RULES.page);
}

async function checkListed(source, manifest, report, told) {
    const listed = new Map(manifest.files.map((file) => [file.path, file]));
    const names = source.names();
    const there = new Set(names);
    report.files = listed.size;
    report.bytes = manifest.files.reduce((sum, file) => sum + file.size, 0);
    const paths = new Map();
    for (const file of manifest.files) {
        const key = file.pieces ? file.pieces.join() : file.sha256;
        paths.set(key, [...(paths.get(key) || []), file.path]);
    }
    const progress = new Progress(source, names, told);
    for (const [path, file] of listed) {
        if (there.has(path) && source.canRead(path)) await checkFile(source, file, paths, report, progress);
        if (file.kind === "source" && file.details.sha256_at_recording !== file.sha256) {
            report.add("source_differs", path, { expected: file.details.sha256_at_recording });
        }
    }
    const missing = [...listed.keys()].filter((path) => !there.has(path));
    for (const name of names) {
        if (listed.has(name) || RULES.seal.includes(name)) continue;
        await checkAdded(source, name, paths, missing, report, progress);
    }
    missing.forEach((path) => report.add("missing_file", path));
}

// A file that the manifest does not have; takes from `missing` what it was before.
async function checkAdded(source, name, paths, missing, report, progress) {
    const sums = source.canRead(name) ? await sumsOf(source.blob(name), progress) : [];
    const other = (paths.get(sums.join()) || []).find((path) => missing.includes(path));
    if (!other) {
        report.add("added_file", name);
        return;
    }
    missing.splice(missing.indexOf(other), 1);
    report.add("renamed_file", name, { other });
}

class Progress {
    constructor(source, names, told) {
        this.told = told;
        this.read = 0;
        const sizes = names.filter((name) => source.canRead(name)).map((name) => source.blob(name).size);
        this.of = sizes.reduce((sum, size) => sum + size, 0);
    }

    add(bytes) {
        this.read += bytes;
        this.told(this.read, this.of);
    }
}

// [SHA-256], or of a large file that of each piece: Web Crypto hashes only what is in memory as a whole.
async function sumsOf(blob, progress) {
    const step = blob.size > RULES.largest_without_pieces ? RULES.piece_bytes : Math.max(blob.size, 1);
    const found = [];
    for (let at = 0; at < Math.max(blob.size, 1); at += step) {
        const piece = await blob.slice(at, at + step).arrayBuffer();
        found.push(await sha256(piece));
        progress.add(piece.byteLength);
    }
    return found;
}

async function checkFile(source, file, paths, report, progress) {
    const blob = source.blob(file.path);
    const sums = await sumsOf(blob, progress);
    const expected = file.pieces || [file.sha256];
    if (sums.join() === expected.join()) {
        if (blob.size !== file.size) report.add("pieces_differ", file.path);
        return;
    }
    const others = paths.get(sums.join());
    if (others) report.add("swapped_file", file.path, { other: others[0] });
    else if (blob.size !== file.size) {
        report.add("size_differs", file.path, { found: blob.size, expected: file.size });
    } else if (!file.pieces) report.add("changed_content", file.path);
    else if (sums.length !== expected.length) report.add("pieces_differ", file.path);
    else {
        const begin = sums.findIndex((sum, number) => sum !== expected[number]) * RULES.piece_bytes;
        const end = Math.min(begin + RULES.piece_bytes, blob.size) - 1;
        report.add("changed_piece", file.path, { begin, end });
    }
}

// The CRC-32 of the files that the manifest does not list.
function checkSealSums(source, seal, report) {
    if (source instanceof Folder) return;
    for (const [name, data] of Object.entries(seal)) {
        if (crc32(data) !== source.entries.get(name).crc) source.headerWrong(name);
    }
}
