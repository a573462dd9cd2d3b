frappe.listview_settings["Camera"] = {
    add_fields: ["state", "fault"],
    hide_name_column: true,
    get_indicator(doc) {
        if (doc.state === "Waiting" && doc.fault) return [__(doc.fault), "red", `fault,=,${doc.fault}`];
        const colours = { Recording: "green", Connecting: "blue", Waiting: "red", "Not Recording": "gray" };
        return [__(doc.state), colours[doc.state] || "gray", `state,=,${doc.state}`];
    },
};
