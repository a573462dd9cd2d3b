frappe.treeview_settings["Monitored Unit"] = {
    title: __("Monitored Units"),
    breadcrumb: "Organization",
    get_tree_nodes: "giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit.get_children",
    add_tree_node: "giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit.add_node",
    get_tree_root: false, // the heading is the root: an account may see several topmost units, or none
    onload(view) {
        view.root_label = __("Monitored Units");
        view.root_value = "";
        view.make_tree();
    },
};
