// The public pages: an application for footage, and how far it has come. Rules stay on the server; a fault is
// shown beside its field, and what was written stays where it is.

const API = "/api/method/giam_sat_mot_cua.api.applications.";
const texts = JSON.parse(document.getElementById("gsmc-texts").textContent);
document.documentElement.lang = texts.language; // for screen readers; Frappe's template says English

function element(name, text, css) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (css) made.className = css;
    return made;
}

function inputs(form) {
    return [...form.elements].filter((each) => each.name);
}

function clear(form) {
    form.querySelector(".gsmc-summary").hidden = true;
    for (const input of inputs(form)) {
        input.removeAttribute("aria-invalid");
        document.getElementById(`fault-${input.name}`).hidden = true;
    }
}

// `faults`: {field: what is to be corrected}
function show_faults(form, faults) {
    const wrong = inputs(form).filter((input) => faults[input.name]);
    for (const input of wrong) {
        const place = document.getElementById(`fault-${input.name}`);
        place.textContent = faults[input.name];
        place.hidden = false;
        input.setAttribute("aria-invalid", "true");
    }
    say(form, texts.to_correct);
    wrong[0]?.focus();
}

function say(form, text) {
    const summary = form.querySelector(".gsmc-summary");
    summary.textContent = text;
    summary.hidden = false;
    summary.focus();
}

function missing(form) {
    const faults = {};
    for (const input of inputs(form)) {
        if (input.required && !input.value.trim()) faults[input.name] = texts.needed;
        if (input.files?.[0]?.size > texts.largest) faults[input.name] = texts.too_large;
    }
    return faults;
}

// {"status", "message"}; status 0 without an answer.
async function post(method, form) {
    const headers = { Accept: "application/json" };
    if (window.frappe?.csrf_token) headers["X-Frappe-CSRF-Token"] = window.frappe.csrf_token; // of a login
    try {
        const answer = await fetch(API + method, { method: "POST", headers, body: new FormData(form) });
        const told = await answer.json().catch(() => ({}));
        return { status: answer.status, message: told.message };
    } catch {
        return { status: 0 };
    }
}

function told_by(status) {
    return { 0: texts.network, 413: texts.too_large, 429: texts.too_many }[status] || texts.failed;
}

async function send(form, method, done) {
    if (form.dataset.busy) return;
    clear(form);
    const faults = missing(form);
    if (Object.keys(faults).length) return show_faults(form, faults);
    const busy = form.querySelector(".gsmc-busy");
    form.dataset.busy = "yes";
    form.querySelector(".gsmc-send").disabled = true;
    busy.textContent = texts.sending;
    const { status, message } = await post(method, form);
    delete form.dataset.busy;
    form.querySelector(".gsmc-send").disabled = false;
    busy.textContent = "";
    if (status === 200 && message) return done(message);
    if (message?.faults) return show_faults(form, message.faults);
    say(form, message?.problem || told_by(status));
}

function show_receipt(told) {
    const receipt = document.getElementById("gsmc-receipt");
    for (const place of receipt.querySelectorAll("[data-told]")) {
        place.textContent = told[place.dataset.told];
    }
    const link = receipt.querySelector("[data-follow]");
    link.href = `/tra-cuu-don#${encodeURIComponent(told.number)}`;
    link.textContent = `${location.origin}/tra-cuu-don`;
    document.getElementById("gsmc-applying").hidden = true;
    document.getElementById("gsmc-application").reset();
    receipt.hidden = false;
    receipt.focus();
    window.scrollTo(0, 0);
}

function show_progress(told) {
    const place = document.getElementById("gsmc-progress");
    const title = texts.received.replace("{0}", told.number).replace("{1}", told.received_on);
    place.replaceChildren(element("h2", title), ...told.steps.map(shown_step));
    place.hidden = false;
    place.focus();
}

function shown_step(step) {
    const shown = element("div", "", "gsmc-step");
    shown.append(element("h3", step.state), element("p", step.text));
    if (step.reason) shown.append(element("blockquote", step.reason));
    if (step.where) shown.append(element("p", `${texts.where}: ${step.where}`));
    return shown;
}

const application = document.getElementById("gsmc-application");
application?.addEventListener("submit", (event) => {
    event.preventDefault();
    send(application, "apply", show_receipt);
});
// A browser writes dates in the order of its own language: the day is told in words as well.
application?.addEventListener("input", ({ target }) => {
    const said = document.querySelector(`output[for="${CSS.escape(target.id)}"]`);
    if (!said) return;
    const day = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
    const time = { hour: "2-digit", minute: "2-digit" };
    const [begin, parts] = target.type === "date" ? ["T00:00", day] : ["", { ...day, ...time }];
    said.textContent = target.value
        ? new Date(target.value + begin).toLocaleString(texts.language, parts)
        : "";
});
document.querySelector(".gsmc-print")?.addEventListener("click", () => window.print());

const follow = document.getElementById("gsmc-follow");
if (follow) follow.elements.number.value = decodeURIComponent(location.hash.slice(1));
follow?.addEventListener("submit", (event) => {
    event.preventDefault();
    document.getElementById("gsmc-progress").hidden = true;
    send(follow, "follow", show_progress);
});
