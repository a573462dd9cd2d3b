frappe.ui.form.on("Approval Delegation", {
    setup(frm) {
        frm.set_query("leader", () => ({ filters: { status: "Granted" } }));
        frm.set_query("substitute", () => ({
            filters: { status: "Granted", ...(frm.doc.unit ? { unit: frm.doc.unit } : {}) },
        }));
    },

    async onload(frm) {
        if (!frm.is_new() || frm.doc.leader || !frappe.user.has_role("Unit Leader")) return;
        const own = await frappe.db.get_value(
            "Monitoring Account",
            { user: frappe.session.user, status: "Granted" },
            "name",
        );
        if (own.message?.name && !frm.doc.leader) frm.set_value("leader", own.message.name);
    },

    refresh(frm) {
        const colours = { Upcoming: "blue", "In Force": "green", Ended: "gray", Withdrawn: "red" };
        if (frm.doc.status && !frm.is_new())
            frm.page.set_indicator(__(frm.doc.status), colours[frm.doc.status]);
        const own = frm.doc.leader_user === frappe.session.user;
        const may = own || frappe.user.has_role("Monitoring Administrator");
        if (frm.is_new() || !may || !["Upcoming", "In Force"].includes(frm.doc.status)) return;
        frm.add_custom_button(__("Withdraw"), () => {
            frappe.prompt(
                [
                    {
                        fieldname: "reason",
                        fieldtype: "Small Text",
                        label: __("Reason for the Withdrawal"),
                        reqd: 1,
                    },
                ],
                async ({ reason }) => {
                    await frm.call("withdraw", { reason });
                    frm.reload_doc();
                },
                __("Withdraw"),
                __("Confirm"),
            );
        });
    },
});
