// Rules stay on the server. This only shows what may be written, and asks for what a step needs.

const NEEDS_REASON = ["Returned", "Rejected", "Withdrawn"];
const OPEN = ["Draft", "Returned"];

frappe.ui.form.on("Extraction Request", {
    refresh(frm) {
        gsmc.lock_fields(frm);
        frm.trigger("show_sections");
        frm.trigger("say_where_it_stands");
    },

    requester_kind(frm) {
        frm.trigger("show_sections");
    },

    show_sections(frm) {
        const outside = frm.doc.requester_kind === "Outside Person or Body";
        frm.set_df_property("requester_name", "read_only", outside ? 0 : 1);
        if (!outside && frm.is_new()) frm.set_value("requester_name", frappe.session.user_fullname);
        const open = OPEN.includes(frm.doc.status);
        frm.toggle_display("decision_section", !frm.is_new() && frm.doc.status !== "Draft");
        frm.toggle_display("handover_section", ["Ready", "Handed Over", "Closed"].includes(frm.doc.status));
        frm.toggle_display("steps_section", Boolean(frm.doc.steps?.length));
        frm.toggle_display("wanted", open || Boolean(frm.doc.wanted));
    },

    say_where_it_stands(frm) {
        frm.set_intro("");
        const reason = frappe.utils.escape_html(frm.doc.decision_reason || "");
        if (frm.doc.status === "Returned") frm.set_intro(__("Returned: {0}", [reason]), "orange");
        if (frm.doc.status === "Rejected") frm.set_intro(__("Rejected: {0}", [reason]), "red");
        if (frm.doc.due_on && frm.doc.due_on < frappe.datetime.now_datetime()) {
            frm.set_intro(__("Overdue since {0}.", [frappe.datetime.str_to_user(frm.doc.due_on)]), "red");
        }
    },

    before_workflow_action(frm) {
        return gsmc.ask_reason(frm, NEEDS_REASON);
    },
});
