frappe.listview_settings["Health Event"] = {
    add_fields: ["status", "severity", "silenced"],
    hide_name_column: true,
    filters: [["status", "=", "Open"]],
    formatters: {
        began_on: gsmc.to_the_minute,
        kind: (value) => `<span class="ellipsis" title="${__(value)}">${__(value)}</span>`,
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
