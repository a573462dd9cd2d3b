frappe.listview_settings["Maintenance Order"] = {
    hide_name_column: true,
    formatters: { from_time: gsmc.to_the_minute, to_time: gsmc.to_the_minute },

    get_indicator(doc) {
        const colours = { Planned: "blue", "In Progress": "orange", Done: "green", Cancelled: "gray" };
        return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
    },
};
