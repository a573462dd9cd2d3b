const REFRESH_MS = 10000; // recorders write their node's row twice a minute

frappe.listview_settings["Recorder Node"] = {
    add_fields: ["state", "retired"],
    formatters: { last_report: gsmc.to_the_minute },

    onload(listview) {
        const again = () => {
            const shown = listview.$result.is(":visible") && !document.hidden;
            if (shown && !listview.get_checked_items().length) listview.refresh();
        };
        setInterval(again, REFRESH_MS);
    },

    get_indicator(doc) {
        if (doc.retired) return [__("Taken Out of Service"), "gray", "retired,=,1"];
        return [__(doc.state), doc.state === "Up" ? "green" : "red", `state,=,${doc.state}`];
    },
};
