frappe.listview_settings["Footage Access Log"] = {
    formatters: {
        happened_at: gsmc.to_the_second,
        footage_from: gsmc.to_the_second,
        action: gsmc.option_in_list,
    },
};
