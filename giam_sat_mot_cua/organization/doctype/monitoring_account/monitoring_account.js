// Rules stay on the server. This only asks for what a decision needs, before it is sent.

const NEEDS_REASON = ["Returned", "Suspended", "Revoked"];

frappe.ui.form.on("Monitoring Account", {
    setup(frm) {
        frm.set_query("position", () => ({ filters: { active: 1 } }));
        frm.set_query("unit", () => ({ filters: { active: 1 } }));
    },

    refresh(frm) {
        frm.trigger("lock_fields");
        frm.trigger("offer_handover");
        frm.trigger("offer_history");
        frm.set_intro("");
        if (frm.doc.status === "Returned" && frm.doc.decision_reason) {
            frm.set_intro(__("Returned: {0}", [frappe.utils.escape_html(frm.doc.decision_reason)]), "orange");
        }
    },

    lock_fields(frm) {
        gsmc.lock_fields(frm);
        const decided = !frm.is_new() && !["Draft", "Returned"].includes(frm.doc.status);
        frm.toggle_display("handover_section", decided && frm.doc.status !== "Proposed");
        frm.toggle_display("decision_reason", decided || Boolean(frm.doc.decision_reason));
    },

    offer_handover(frm) {
        if (frm.doc.status !== "Granted" || !frappe.user.has_role("Monitoring Administrator")) return;
        frm.add_custom_button(__("Hand Over"), () => {
            frappe.prompt(
                [
                    {
                        fieldname: "received_by",
                        fieldtype: "Data",
                        label: __("Received By"),
                        default: frm.doc.full_name,
                        reqd: 1,
                    },
                ],
                ({ received_by }) => frm.events.hand_over(frm, received_by),
                __("Hand Over"),
                __("Make Links"),
            );
        });
    },

    async hand_over(frm, received_by) {
        const answer = await frappe.call({
            method: "giam_sat_mot_cua.api.accounts.hand_over",
            type: "POST",
            args: { account: frm.doc.name, received_by },
        });
        const { password_link, second_factor_link } = answer.message;
        const dialog = new frappe.ui.Dialog({
            title: __("Handover of the Account of {0}", [frm.doc.full_name]),
            fields: [
                {
                    fieldtype: "HTML",
                    options: `<p>${__(
                        "Give these links to the person alone. Each works for two days; making new ones ends the old ones.",
                    )}</p>`,
                },
                {
                    fieldname: "password_link",
                    fieldtype: "Small Text",
                    label: __("Link to Set the Password"),
                    read_only: 1,
                    default: password_link,
                },
                {
                    fieldname: "second_factor_link",
                    fieldtype: "Small Text",
                    label: __("Link to Register the Authenticator App"),
                    read_only: 1,
                    default: second_factor_link || __("not needed: the second factor is switched off"),
                },
            ],
            primary_action_label: __("Copy the Links"),
            primary_action: () =>
                frappe.utils.copy_to_clipboard(
                    [password_link, second_factor_link].filter(Boolean).join("\n"),
                ),
        });
        dialog.show();
        dialog.$wrapper.on("hidden.bs.modal", () => dialog.$wrapper.remove());
        frm.reload_doc();
    },

    offer_history(frm) {
        if (frm.is_new() || !frm.doc.user) return;
        frm.add_custom_button(__("Login History"), () =>
            frappe.set_route("List", "Account Login", { account: frm.doc.name }),
        );
    },

    before_workflow_action(frm) {
        return gsmc.ask_reason(frm, NEEDS_REASON);
    },
});
