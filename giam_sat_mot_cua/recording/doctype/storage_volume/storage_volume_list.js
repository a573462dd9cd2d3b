frappe.listview_settings["Storage Volume"] = {
    add_fields: ["state", "enabled"],
    formatters: { kind: gsmc.option_in_list },
    get_indicator(doc) {
        if (!doc.enabled) return [__("Disabled"), "gray", "enabled,=,0"];
        const colours = {
            Ready: "green",
            "Not Mounted": "red",
            "Read Only": "red",
            Full: "orange",
            Failing: "red",
        };
        return [
            __(doc.state || "Not Checked Yet"),
            colours[doc.state] || "gray",
            `state,=,${doc.state || ""}`,
        ];
    },
};
