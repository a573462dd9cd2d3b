// What the Desk lacks for this system: a Vietnamese calendar, and maps that ask nothing of the internet.

$.fn.datepicker.language.vi = {
    days: ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"],
    daysShort: ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
    daysMin: ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
    months: Array.from({ length: 12 }, (_month, index) => `Tháng ${index + 1}`),
    monthsShort: Array.from({ length: 12 }, (_month, index) => `Th${index + 1}`),
    today: "Hôm nay",
    clear: "Xóa",
    dateFormat: "dd/mm/yyyy",
    timeFormat: "hh:ii",
    firstDay: 1,
};

// Where the Desk was built with the plain date picker, which knows no seconds, it would show their pattern.
const picker = $.fn.datepicker.Constructor?.prototype;
if (picker) {
    const plain = picker.formatDate;
    picker.formatDate = function (pattern, date) {
        return plain.call(this, pattern, date).replace(/\bss\b/, String(date.getSeconds()).padStart(2, "0"));
    };
}

// Without its database the server answers with a bare text, which the Desk does not show.
$(document).on("ajaxError", (_event, answer) => {
    const told = (answer.getResponseHeader("Content-Type") || "").includes("json");
    if (answer.status < 500 || told || gsmc.server_away) return;
    gsmc.server_away = true;
    setTimeout(() => (gsmc.server_away = false), 15000);
    frappe.show_alert(
        {
            message: __(
                "The server or its database does not answer. Recording goes on. Try again in a few minutes; if it lasts, tell the administrator.",
            ),
            indicator: "red",
        },
        15,
    );
});

frappe.provide("gsmc");

// A moment in a list, without its seconds or its year: columns there are narrow. The whole of it is told by its
// title.
gsmc.to_the_minute = (value) => gsmc.moment_in_list(value, /(:\d\d):\d\d$/);
gsmc.to_the_second = (value) => gsmc.moment_in_list(value, /^(\d\d.\d\d).\d{4}/);
gsmc.moment_in_list = (value, cut) => {
    if (!value) return "";
    const shown = frappe.datetime.str_to_user(value);
    return `<span class="ellipsis" title="${shown}">${shown.replace(cut, "$1")}</span>`;
};
// An option in a list, whose whole is told by its title where the column cuts it off.
gsmc.option_in_list = (value) => `<span class="ellipsis" title="${__(value)}">${__(value)}</span>`;

// Asks for the reason of a workflow's step that leads into one of `statuses`, and stores it before the step.
gsmc.ask_reason = (frm, statuses) => {
    const action = frm.selected_workflow_action;
    const workflow = frappe.workflow.workflows[frm.doctype];
    const state = workflow.transitions.find(
        (row) => row.action === action && row.state === frm.doc.workflow_state,
    )?.next_state;
    const row = workflow.states.find((each) => each.state === state);
    if (!statuses.includes(row?.update_value || state)) return;
    frappe.dom.unfreeze();
    return new Promise((resolve, reject) => {
        const dialog = frappe.prompt(
            [{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason for the Decision"), reqd: 1 }],
            async ({ reason }) => {
                await frm.set_value("decision_reason", reason);
                await frm.save();
                frappe.dom.freeze();
                resolve();
            },
            __(action),
            __("Confirm"),
        );
        dialog.onhide = () => {
            if (!dialog.get_value("reason")) reject();
        };
    });
};

// Fields that the server does not let anybody change in the record's state.
gsmc.lock_fields = (frm) => {
    const lock = (fields, locked) =>
        fields.forEach((field) => frm.set_df_property(field, "read_only", locked));
    lock(frm.locked_fields || [], 0); // of the record shown before, or of the state before
    frm.locked_fields = frm.doc.__onload?.locked_fields || [];
    lock(frm.locked_fields, 1);
};

// Sends a form with a file to a method of the server: its message, or null when what is wrong has been told.
gsmc.send_form = async (method, form, title) => {
    frappe.dom.freeze(__("The file is being sent."));
    const answer = await fetch(`/api/method/${method}`, {
        method: "POST",
        headers: { "X-Frappe-CSRF-Token": frappe.csrf_token, Accept: "application/json" },
        body: form,
    })
        .then(async (response) => ({ status: response.status, ...(await response.json()) }))
        .catch(() => ({}))
        .finally(() => frappe.dom.unfreeze());
    if (answer.status === 200) return answer.message;
    const told = JSON.parse(answer._server_messages || "[]").map((text) => JSON.parse(text).message);
    const message = told.join("<br>") || __("The file could not be sent. It may be too large; try again.");
    frappe.msgprint({ title, message, indicator: "red" });
    return null;
};

const EMPTY_TILE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const maps = frappe.utils.map_defaults;
maps.center = [20.25, 105.97]; // Hoa Lư, Ninh Bình
maps.zoom = 11;
maps.tiles = frappe.boot.gsmc_map_tiles || EMPTY_TILE;
if (!frappe.boot.gsmc_map_tiles) maps.options = {};

// Who stands in for a leader is told so on every page of the Desk, as long as it lasts.
$(document).on("app_ready", () => {
    for (const delegation of frappe.boot.gsmc_delegations || []) {
        const text = __("You stand in for {0} until {1}.", [
            frappe.utils.escape_html(delegation.leader),
            frappe.datetime.str_to_user(delegation.valid_until),
        ]);
        const link = `/app/approval-delegation/${encodeURIComponent(delegation.name)}`;
        $(`<div class="gsmc-substitute"><a href="${link}">${text}</a></div>`).prependTo(".main-section");
    }
});
