frappe.ui.form.on("Maintenance Order", {
    setup(frm) {
        frm.set_query("unit", () => ({ filters: { active: 1 } }));
    },

    refresh(frm) {
        const colours = { Planned: "blue", "In Progress": "orange", Done: "green", Cancelled: "gray" };
        if (frm.is_new()) return;
        frm.page.set_indicator(__(frm.doc.status), colours[frm.doc.status]);
        if (["Done", "Cancelled"].includes(frm.doc.status)) frm.disable_save();
        else frm.enable_save();
        if (!frm.perm[0]?.write) return;
        if (frm.doc.status === "In Progress") {
            frm.add_custom_button(__("End Now"), () => {
                frappe.confirm(__("Is the work done? Alarms of its cameras count again from now on."), () =>
                    frm.call("end_now").then(() => frm.reload_doc()),
                );
            });
        }
        if (["Planned", "In Progress"].includes(frm.doc.status)) {
            frm.add_custom_button(__("Withdraw the Order"), () => frm.events.ask_withdrawal(frm));
        }
    },

    ask_withdrawal(frm) {
        const fieldname = "reason";
        const label = __("Reason for the Withdrawal");
        frappe.prompt(
            [{ fieldname, fieldtype: "Small Text", label, reqd: 1 }],
            ({ reason }) => frm.call("withdraw", { reason }).then(() => frm.reload_doc()),
            __("Withdraw the Order"),
            __("Confirm"),
        );
    },
});
