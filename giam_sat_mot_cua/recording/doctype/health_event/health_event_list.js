frappe.listview_settings["Health Event"] = {
    add_fields: ["status", "severity", "silenced"],
    filters: [["status", "=", "Open"]],
    formatters: {
        began_on: gsmc.to_the_minute,
        kind: gsmc.option_in_list,
    },

    get_indicator(doc) {
        if (doc.status === "Closed") return [__("Closed"), "green", "status,=,Closed"];
        if (doc.silenced) return [__("Under Maintenance"), "blue", "silenced,=,1"];
        return [
            __(doc.severity),
            doc.severity === "Critical" ? "red" : "orange",
            `severity,=,${doc.severity}|status,=,Open`,
        ];
    },
};
