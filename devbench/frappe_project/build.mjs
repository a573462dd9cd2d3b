// Builds the Desk's bundles of every app of a bench: public/**/*.bundle.{js,ts,css,scss} -> public/dist/.
// Called by `bench build` in Frappe's folder: node build.mjs [--production] [--apps a,b] [--skip_frappe]
// Other options of bench are accepted and have no meaning here.
import autoprefixer from "autoprefixer";
import esbuild from "esbuild";
import vue from "esbuild-plugin-vue3";
import { sassPlugin } from "esbuild-sass-plugin";
import fs from "fs";
import path from "path";
import postcss from "postcss";

const BENCH = path.resolve(process.env.FRAPPE_BENCH_ROOT || "../..");
const SITES = path.join(BENCH, "sites");
const options = read_options(process.argv.slice(2));
const all_apps = fs
	.readFileSync(path.join(SITES, "apps.txt"), "utf8")
	.split("\n")
	.map((name) => name.trim())
	.filter(Boolean);
const node_paths = all_apps
	.flatMap((app) => [path.join(BENCH, "apps", app, "node_modules"), path.join(BENCH, "apps", app)])
	.filter((folder) => fs.existsSync(folder));

function read_options(words) {
	const found = { production: words.includes("--production"), skip_frappe: words.includes("--skip_frappe") };
	const at = words.indexOf("--apps");
	found.apps = at >= 0 ? words[at + 1].split(",") : null;
	return found;
}

function bundles_below(folder) {
	if (!fs.existsSync(folder)) return [];
	return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const full = path.join(folder, entry.name);
		if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : bundles_below(full);
		return /\.bundle\.(js|ts|css|scss)$/.test(entry.name) ? [full] : [];
	});
}

// An imported .html file registers itself as a client template.
const html_templates = {
	name: "html-templates",
	setup(build) {
		build.onLoad({ filter: /\.html$/ }, async ({ path: file }) => {
			const name = path.basename(file).split(".")[0];
			const text = (await fs.promises.readFile(file, "utf8")).replace(/[\\`]|\$\{/g, "\\$&");
			return { contents: `frappe.templates['${name}'] = \`${text}\`;`, loader: "js" };
		});
	},
};

// /assets/... is served, not bundled.
const served_assets = {
	name: "served-assets",
	setup(build) {
		build.onResolve({ filter: /^\/assets\// }, ({ path: url }) => ({ path: url, external: true }));
	},
};

function find_module(name) {
	for (const folder of node_paths) {
		const full = path.join(folder, name);
		const candidates = [full, `${full}.scss`, `${full}.css`];
		if (candidates.some((candidate) => fs.existsSync(candidate))) return full;
	}
	return name;
}

const sass_options = {
	loadPaths: node_paths,
	quietDeps: true,
	importMapper: (url) => (url.startsWith("~") ? find_module(url.slice(1)) : url),
	async transform(source) {
		return (await postcss([autoprefixer]).process(source, { from: undefined })).css;
	},
};

function build_options(kind, files, output) {
	const entries = files.map((file) => {
		const name = path.basename(file).replace(/\.[^.]+$/, "");
		return [`${kind}/${name}`, file];
	});
	return {
		entryPoints: Object.fromEntries(entries),
		outdir: path.join(output, "dist"),
		entryNames: "[dir]/[name].[hash]",
		bundle: true,
		minify: options.production,
		sourcemap: true,
		metafile: true,
		target: ["es2017"],
		nodePaths: node_paths,
		logLevel: "error",
		define: {
			"process.env.NODE_ENV": JSON.stringify(options.production ? "production" : "development"),
			__VUE_OPTIONS_API__: "true",
			__VUE_PROD_DEVTOOLS__: "false",
		},
		plugins:
			kind === "js"
				? [served_assets, vue(), html_templates, sassPlugin(sass_options)]
				: [served_assets, sassPlugin(sass_options)],
	};
}

// Styles of Vue components lie in a file of their own that nothing asks for: the script brings them along.
function bring_styles_along(result) {
	for (const [file, meta] of Object.entries(result.metafile.outputs)) {
		if (!meta.entryPoint || !meta.cssBundle) continue;
		const style = JSON.stringify(fs.readFileSync(meta.cssBundle, "utf8"));
		const code = `document.head.append(Object.assign(document.createElement("style"), { textContent: ${style} }));`;
		fs.appendFileSync(file, `\n${code}\n`);
	}
}

function served_names(result, app, output) {
	const names = {};
	for (const [file, meta] of Object.entries(result.metafile.outputs)) {
		if (!meta.entryPoint) continue;
		const name = path.basename(meta.entryPoint).replace(/\.scss$/, ".css").replace(/\.ts$/, ".js");
		names[name] = `/assets/${app}/${path.relative(output, path.resolve(file))}`;
	}
	return names;
}

async function build_app(app) {
	const output = path.join(BENCH, "apps", app, app, "public");
	const files = bundles_below(output);
	fs.rmSync(path.join(output, "dist"), { recursive: true, force: true });
	const kinds = { js: files.filter((f) => /\.(js|ts)$/.test(f)), css: files.filter((f) => /css$/.test(f)) };
	let names = {};
	for (const [kind, found] of Object.entries(kinds)) {
		if (!found.length) continue;
		const result = await esbuild.build(build_options(kind, found, output));
		bring_styles_along(result);
		names = { ...names, ...served_names(result, app, output) };
	}
	console.log(`${app}: ${Object.keys(names).length} bundles`);
	return names;
}

const manifest = path.join(SITES, "assets", "assets.json");
let served = fs.existsSync(manifest) ? JSON.parse(fs.readFileSync(manifest, "utf8")) : {};
const apps = all_apps.filter(
	(app) => (!options.apps || options.apps.includes(app)) && !(options.skip_frappe && app === "frappe"),
);
for (const app of apps) served = { ...served, ...(await build_app(app)) };
fs.mkdirSync(path.dirname(manifest), { recursive: true });
fs.writeFileSync(`${manifest}.new`, JSON.stringify(served, null, "\t"));
fs.renameSync(`${manifest}.new`, manifest);
