frappe.listview_settings["Retention Run"] = {
    add_fields: ["status", "dry_run"],
    get_indicator(doc) {
        if (doc.dry_run && doc.status === "Finished") return [__("Dry Run"), "blue", "dry_run,=,1"];
        const colours = {
            Waiting: "gray",
            Running: "blue",
            Finished: "green",
            Interrupted: "orange",
            Failed: "red",
        };
        return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
    },

    // The server decides who may; the button only spares others a refusal.
    onload(list) {
        if (!frappe.user.has_role("Monitoring Administrator")) return;
        list.page.add_inner_button(__("Start a Dry Run"), () => {
            frappe.prompt(
                [
                    {
                        fieldname: "volume",
                        fieldtype: "Link",
                        options: "Storage Volume",
                        label: __("Storage Volume"),
                        description: __("Blank: every volume of the machine"),
                    },
                ],
                async ({ volume }) => {
                    const answer = await frappe.call({
                        method: "giam_sat_mot_cua.api.retention.start_dry_run",
                        args: { volume },
                    });
                    const { name, started } = answer.message;
                    if (!started) frappe.show_alert(__("This dry run is under way already."));
                    frappe.set_route("Form", "Retention Run", name);
                },
                __("Start a Dry Run"),
                __("Start"),
            );
        });
    },
};
