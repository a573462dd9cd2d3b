frappe.treeview_settings["Monitored Unit"] = {
    title: __("Monitored Units"),
    breadcrumb: "Organization",
    get_tree_nodes: "giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit.get_children",
    add_tree_node: "giam_sat_mot_cua.organization.doctype.monitored_unit.monitored_unit.add_node",
    get_tree_root: false, // the heading is the root: an account may see several topmost units, or none
    get_label(node) {
        const name = frappe.utils.escape_html(node.title || node.label);
        const code = node.title && node.title !== node.label ? frappe.utils.escape_html(node.label) : "";
        return code ? `${name} <span class="text-muted">(${code})</span>` : name;
    },
    onload(view) {
        view.root_label = __("Monitored Units");
        view.root_value = "";
        view.make_tree();
    },
};
