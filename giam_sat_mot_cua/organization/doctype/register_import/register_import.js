const API = "giam_sat_mot_cua.api.register_import.";
const RUNNING = ["Checking", "Importing"];
const COLOURS = {
    Draft: "gray",
    Checking: "blue",
    "Has Errors": "red",
    Checked: "green",
    Importing: "blue",
    Imported: "green",
    Failed: "red",
};
const POLL_MS = 1000;

frappe.ui.form.on("Register Import", {
    refresh(frm) {
        frm.disable_save();
        frm.page.set_indicator(__(frm.doc.status), COLOURS[frm.doc.status]);
        frm.trigger("show_steps");
        frm.trigger("show_buttons");
        frm.trigger("show_errors");
        frm.toggle_display("steps", frm.doc.status !== "Imported");
        frm.toggle_display("result_section", !frm.is_new());
        frm.toggle_display("file_section", !frm.is_new());
        frm.set_intro("");
        if (frm.doc.message)
            frm.set_intro(frappe.utils.escape_html(frm.doc.message), COLOURS[frm.doc.status]);
        if (RUNNING.includes(frm.doc.status)) frm.trigger("watch");
    },

    show_steps(frm) {
        const steps = [
            __("Download the template and fill in units, cameras, or both."),
            __("Choose the filled-in file."),
            __("Press Check: every row is tried, nothing is written, all errors are listed with their rows."),
            __("Press Import: all rows are written, or none. Existing records are never changed."),
        ];
        const items = steps.map((step) => `<li>${step}</li>`).join("");
        frm.get_field("steps").$wrapper.html(`<ol class="gsmc-steps">${items}</ol>`);
    },

    show_buttons(frm) {
        const { status, file_stored } = frm.doc;
        frm.add_custom_button(__("Download Template"), () => {
            window.location.href = `/api/method/${API}download_template`;
        });
        if (RUNNING.includes(status) || status === "Imported") return;
        const choose = () => frm.events.choose_file(frm);
        if (!file_stored) {
            frm.page.set_primary_action(__("Choose Excel File"), choose);
            return;
        }
        const act = (method) => frm.events.act(frm, method);
        frm.add_custom_button(__("Delete File from Server"), () => act("delete_file"));
        if (status === "Has Errors") {
            frm.add_custom_button(__("Check Again"), () => act("check"));
            frm.page.set_primary_action(__("Choose Another File"), choose);
            return;
        }
        frm.add_custom_button(__("Choose Another File"), choose);
        const [label, method] = status === "Checked" ? [__("Import"), "run"] : [__("Check"), "check"];
        frm.page.set_primary_action(label, () => act(method));
    },

    choose_file(frm) {
        const input = document.createElement("input");
        input.type = "file";
        input.accept = ".xlsx";
        input.className = "gsmc-import-file";
        input.style.display = "none";
        input.addEventListener("change", () => frm.events.upload(frm, input.files[0]));
        frm.wrapper.querySelector(".gsmc-import-file")?.remove();
        frm.wrapper.append(input);
        input.click();
    },

    async upload(frm, file) {
        const form = new FormData();
        form.append("file", file);
        if (!frm.is_new()) form.append("name", frm.doc.name);
        const sent = await gsmc.send_form(`${API}upload`, form, __("Register Import"));
        if (!sent) return;
        if (frm.is_new()) frappe.set_route("Form", "Register Import", sent.name);
        else frm.reload_doc();
    },

    async act(frm, method) {
        await frappe.call({ method: API + method, args: { name: frm.doc.name }, freeze: true });
        await frm.reload_doc();
    },

    // There may be no socket server: the form asks.
    watch(frm) {
        const name = frm.doc.name;
        clearTimeout(frm.gsmc_timer);
        const ask = async () => {
            if (cur_frm !== frm || frm.doc.name !== name || !RUNNING.includes(frm.doc.status)) return;
            const answer = await frappe
                .call({ method: API + "progress", args: { name }, type: "GET" })
                .catch(() => null);
            if (frm.doc.name !== name) return;
            const found = answer && answer.message;
            if (found && !RUNNING.includes(found.status)) {
                frm.dashboard.hide_progress();
                frm.reload_doc();
                return;
            }
            if (found) frm.events.show_progress(frm, found);
            frm.gsmc_timer = setTimeout(ask, POLL_MS);
        };
        ask();
    },

    show_progress(frm, { done, total, waiting }) {
        const title = frm.doc.status === "Checking" ? __("Check") : __("Import");
        const text = waiting
            ? __("Waiting for a background process …")
            : __("{0} of {1} rows", [done, total]);
        frm.dashboard.show_progress(title, total ? (done / total) * 100 : 0, text);
    },

    show_errors(frm) {
        const errors = JSON.parse(frm.doc.errors || "[]");
        const cell = (text) => `<td>${frappe.utils.escape_html(String(text))}</td>`;
        const rows = errors.map(
            (error) =>
                `<tr>${[error.sheet, error.row || "", error.column, error.message].map(cell).join("")}</tr>`,
        );
        const heads = [__("Sheet"), __("Row"), __("Column"), __("What Is Wrong and What to Do")];
        const more =
            frm.doc.error_count > errors.length
                ? `<p>${__("The first {0} of {1} errors are shown.", [errors.length, frm.doc.error_count])}</p>`
                : "";
        frm.get_field("error_list").$wrapper.html(
            errors.length
                ? `${more}<table class="table table-bordered gsmc-errors"><thead><tr>${heads
                      .map((head) => `<th class="text-nowrap">${head}</th>`)
                      .join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`
                : "",
        );
    },
});
