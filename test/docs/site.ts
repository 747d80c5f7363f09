/** The API reference: a static site made of the docstrings by TypeDoc. */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Application, DeclarationReflection, ReflectionKind } from "typedoc"
import { root } from "../support/run.ts"
import { packageFolders, type Sources } from "./sources.ts"

/** Where the site is written; git and formatters pass over it. */
export const siteFolder = path.join(root, "test/.reference")

/** What has to have a docstring. A field often says all by its name and type. */
const documented = ["Variable", "Function", "Class", "Interface", "TypeAlias"] as const

/** Writes the site. `false` at any warning of TypeDoc, such as a link that leads nowhere or a type that is not exported. */
export const writeSite = async ({ modules, program }: Sources): Promise<boolean> => {
  const app = await Application.bootstrap({
    name: "effect-icr",
    readme: fileURLToPath(new URL("front.md", import.meta.url)),
    // A site without an address has no repository to link to.
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    categorizeByGroup: false,
    navigation: { excludeReferences: true, includeFolders: true, includeGroups: false, includeCategories: false },
    packagesRequiringDocumentation: packageFolders.map((folder) => `@effect-icr/${path.basename(folder)}`),
    requiredToBeDocumented: [...documented],
    validation: { invalidLink: true, invalidPath: true, notDocumented: true, notExported: true, rewrittenLink: true },
    treatValidationWarningsAsErrors: true,
    treatWarningsAsErrors: true
  })
  const project = app.converter.convert(
    modules.map(({ name, sourceFile }) => ({ displayName: name, program, sourceFile }))
  )
  app.validate(project)
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    if (module.comment === undefined) app.logger.warn(`${module.name} has no module comment`)
    if (!(module instanceof DeclarationReflection)) continue
    for (const child of module.children ?? []) {
      if (child.isReference() || child.kindOf(ReflectionKind.Namespace)) continue
      const comments = [child.comment, child.type?.visit({ reflection: ({ declaration }) => declaration.comment })]
      const signatures = (child.signatures ?? []).map(({ comment }) => comment)
      if (![...comments, ...signatures].some((comment) => comment?.getTag("@category") !== undefined)) {
        app.logger.warn(`${module.name}: ${child.name} has no @category`)
      }
    }
  }
  fs.rmSync(siteFolder, { recursive: true, force: true })
  await app.generateDocs(project, siteFolder)
  return !app.logger.hasErrors() && !app.logger.hasWarnings()
}
