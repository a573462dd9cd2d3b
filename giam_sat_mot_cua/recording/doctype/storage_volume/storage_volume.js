frappe.ui.form.on("Storage Volume", {
    refresh(frm) {
        frm.trigger("kind");
        if (frm.is_new()) return;
        frm.trigger("offer_dry_run");
        frm.trigger("offer_check");
        if (!frm.doc.enabled) return;
        const colours = { Ready: "green", Full: "orange" };
        frm.page.set_indicator(
            __(frm.doc.state || "Not Checked Yet"),
            frm.doc.state ? colours[frm.doc.state] || "red" : "gray",
        );
    },

    kind(frm) {
        const archive = frm.doc.kind === "S3 Archive";
        const label = archive ? __("Move Footage to This Volume") : __("Record to This Volume");
        frm.set_df_property("enabled", "label", label);
        frm.set_df_property(
            "enabled",
            "description",
            archive ? __("An archive: footage is moved to it") : "",
        );
        frm.set_df_property(
            "priority",
            "description",
            archive
                ? __("The archive with the smallest number takes the footage")
                : __("The smallest number is filled first"),
        );
    },

    // The server decides who may; the button only spares others a refusal.
    offer_check(frm) {
        if (frm.doc.kind !== "S3 Archive" || !frappe.user.has_role("Monitoring Administrator")) return;
        frm.add_custom_button(__("Check the Archive"), async () => {
            const answer = await frappe.call({
                method: "giam_sat_mot_cua.api.archives.check",
                args: { volume: frm.doc.name },
                freeze: true,
            });
            const { answers, text } = answer.message;
            await frm.reload_doc();
            frappe.msgprint({
                title: __("Check the Archive"),
                indicator: answers ? "green" : "red",
                message: frappe.utils.escape_html(text),
            });
        });
    },

    // The server decides who may; the button only spares others a refusal.
    offer_dry_run(frm) {
        if (!frappe.user.has_role("Monitoring Administrator")) return;
        frm.add_custom_button(__("Dry Run of Retention"), async () => {
            const answer = await frappe.call({
                method: "giam_sat_mot_cua.api.retention.start_dry_run",
                args: { volume: frm.doc.name },
            });
            const { name, started } = answer.message;
            if (!started) frappe.show_alert(__("This dry run is under way already."));
            frappe.set_route("Form", "Retention Run", name);
        });
    },
});
