frappe.ui.form.on("Legal Hold", {
    refresh(frm) {
        frm.set_intro("");
        if (frm.is_new()) return;
        frm.page.set_indicator(__(frm.doc.status), frm.doc.status === "Active" ? "orange" : "gray");
        if (frm.doc.status !== "Active") {
            frm.disable_form();
            return;
        }
        frm.set_intro(
            __("The footage is kept until an administrator other than the one who placed this releases it."),
            "blue",
        );
        const { files, gb } = frm.doc.__onload?.held || {};
        if (files !== undefined) {
            const size = format_number(gb, null, 3);
            frm.set_intro(__("It keeps {0} files, {1} GB.", [format_number(files, null, 0), size]), "blue");
        }
        // The server decides who may; the button only spares others a refusal.
        const own = frm.doc.placed_by === frappe.session.user;
        if (own || !frappe.user.has_role("Monitoring Administrator")) return;
        frm.add_custom_button(__("Release"), () => {
            frappe.prompt(
                [
                    {
                        fieldname: "reason",
                        fieldtype: "Small Text",
                        label: __("Reason of the Release"),
                        reqd: 1,
                    },
                ],
                async ({ reason }) => {
                    await frm.call("release", { reason });
                    frm.reload_doc();
                },
                __("Release"),
                __("Confirm"),
            );
        });
    },
});
