frappe.listview_settings["Backup Run"] = {
    add_fields: ["outcome", "drill_result", "removed_on"],
    formatters: {
        began_on: gsmc.to_the_minute,
        drill_result(value) {
            const colour = value === "Passed" ? "green" : "red";
            return value ? `<span class="indicator-pill ${colour}">${__(value)}</span>` : "";
        },
    },
    get_indicator(doc) {
        if (doc.outcome === "Succeeded" && doc.removed_on) {
            return [__("Removed"), "gray", "removed_on,is,set"];
        }
        const colours = { Running: "blue", Succeeded: "green", Failed: "red" };
        return [__(doc.outcome), colours[doc.outcome], `outcome,=,${doc.outcome}`];
    },
    onload(listview) {
        // The server decides who may; the button only spares others a refusal.
        if (!frappe.user.has_role("Monitoring Administrator")) return;
        listview.page.add_inner_button(__("Back Up Now"), async () => {
            const answer = await frappe.call({ method: "giam_sat_mot_cua.api.backups.start" });
            const text = answer.message.started
                ? __("The backup begins as soon as a background worker is free.")
                : __("A backup waits for a background worker or runs already.");
            frappe.show_alert(text);
            listview.refresh();
        });
    },
};
