frappe.ui.form.on("Storage Volume", {
    refresh(frm) {
        if (frm.is_new()) return;
        frm.trigger("offer_dry_run");
        if (!frm.doc.enabled) return;
        const colours = { Ready: "green", Full: "orange" };
        frm.page.set_indicator(
            __(frm.doc.state || "Not Checked Yet"),
            frm.doc.state ? colours[frm.doc.state] || "red" : "gray",
        );
    },

    // The server decides who may; the button only spares others a refusal.
    offer_dry_run(frm) {
        if (!frappe.user.has_role("Monitoring Administrator")) return;
        frm.add_custom_button(__("Dry Run of Retention"), async () => {
            const answer = await frappe.call({
                method: "giam_sat_mot_cua.api.retention.start_dry_run",
                args: { volume: frm.doc.name },
            });
            frappe.set_route("Form", "Retention Run", answer.message.name);
        });
    },
});
