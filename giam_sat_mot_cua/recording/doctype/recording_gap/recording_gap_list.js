frappe.listview_settings["Recording Gap"] = {
    hide_name_column: true,
    formatters: {
        cause: gsmc.option_in_list,
        start_time: gsmc.to_the_second,
        end_time: gsmc.to_the_second,
    },
};
