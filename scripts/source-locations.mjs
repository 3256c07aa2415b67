import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

/** A module that asks where it is gets the place of its source: data files and addons are found from there. */
export const sourceLocations = {
  name: "source-locations",
  setup(build) {
    build.onLoad({ filter: /[/](src|test|scripts)[/].*\.(ts|mjs)$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.")) return undefined;
      const contents = text
        .replaceAll(/import\.meta\.url/g, JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/import\.meta\.dirname/g, JSON.stringify(dirname(path)));
      return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
    });
  },
};

/**
 * How esbuild makes modules that Node runs as it would the sources. Packages stay where they are.
 * @type {import("esbuild").BuildOptions}
 */
export const moduleOptions = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  plugins: [sourceLocations],
};
