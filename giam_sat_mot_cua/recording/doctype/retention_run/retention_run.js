const API = "giam_sat_mot_cua.api.retention.";
const POLL_MS = 2000;

const outcome = (frm) => (frm.doc.dry_run ? __("Would Be Removed") : __("Removed"));

frappe.ui.form.on("Retention Run", {
    refresh(frm) {
        frm.disable_save();
        frm.trigger("show_lines");
        frm.set_intro("");
        if (frm.doc.dry_run) frm.set_intro(__("This is a dry run: nothing has been removed."), "blue");
        if (["Waiting", "Running"].includes(frm.doc.status)) frm.trigger("watch");
    },

    async show_lines(frm) {
        const name = frm.doc.name;
        const answer = await frappe.call({ method: API + "lines", args: { name }, type: "GET" });
        const rows = answer.message || [];
        if (frm.doc.name !== name) return;
        const heads = [
            __("Volume"),
            __("Camera"),
            __("Outcome"),
            __("Reason"),
            __("Files"),
            __("MB"),
            __("Oldest"),
            __("Newest"),
        ];
        const $table = $('<table class="table table-bordered table-sm"></table>');
        $("<tr></tr>")
            .append(heads.map((text) => $("<th></th>").text(text)))
            .appendTo($("<thead></thead>").appendTo($table));
        const $body = $("<tbody></tbody>").appendTo($table);
        const time = (text) => (text ? frappe.datetime.str_to_user(text) : "");
        for (const row of rows) {
            const cells = [
                row.volume,
                row.camera,
                row.removed ? outcome(frm) : row.files ? __("Kept") : __("Left Alone"),
                row.reason,
                row.files || "",
                row.files ? format_number(row.mb, null, 1) : "",
                time(row.oldest),
                time(row.newest),
            ];
            $("<tr></tr>")
                .append(cells.map((text) => $("<td></td>").text(text)))
                .appendTo($body);
        }
        if (!rows.length) {
            $body.append(
                $("<tr></tr>").append($("<td colspan='8'></td>").text(__("There is nothing to remove."))),
            );
        }
        frm.get_field("details_table")
            .$wrapper.empty()
            .append($('<div class="table-responsive"></div>').append($table));
    },

    // There may be no socket server: the form asks.
    watch(frm) {
        const name = frm.doc.name;
        clearTimeout(frm.gsmc_timer);
        const ask = async () => {
            if (cur_frm !== frm || frm.doc.name !== name) return;
            const answer = await frappe
                .call({ method: API + "status", args: { name }, type: "GET" })
                .catch(() => null);
            if (frm.doc.name !== name) return;
            if (answer && !["Waiting", "Running"].includes(answer.message.status)) {
                frm.reload_doc();
                return;
            }
            frm.gsmc_timer = setTimeout(ask, POLL_MS);
        };
        ask();
    },
});
