frappe.listview_settings["Account Login"] = {
    hide_name_column: true,
    add_fields: ["outcome"],
    get_indicator(doc) {
        const colours = {
            "Logged In": "green",
            "Login Failed": "red",
            "Logged Out": "gray",
            "Sessions Ended": "orange",
        };
        return [__(doc.outcome), colours[doc.outcome], `outcome,=,${doc.outcome}`];
    },
};
