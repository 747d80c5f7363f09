/**
 * Which public exports no example shows: neither one of a docstring or README nor a file of examples/.
 *
 * An export is shown by an example that names it, and a class also by one that holds an instance of it. Static members
 * of a class, such as layers, count by themselves. Pure shapes, which are types and what stands under `@category
 * schemas`, `models` or `middleware`, are also shown by whatever is shown and names them in its declaration, as a
 * function names its options, directly or through something that is not public.
 */
import * as path from "node:path"
import ts from "typescript"
import { root } from "../support/run.ts"
import type { Sources } from "./sources.ts"

const isOurs = (node: ts.Node) => node.getSourceFile().fileName.startsWith(path.join(root, "packages/"))

const shapeCategories = new Set(["schemas", "models", "middleware"])

const isShape = (symbol: ts.Symbol) =>
  !(symbol.flags & ts.SymbolFlags.Value) ||
  symbol
    .getJsDocTags()
    .some(({ name, text }) => name === "category" && shapeCategories.has(ts.displayPartsToString(text).trim()))

/** Calls `f` with a node and everything in it. */
const walk = (node: ts.Node, f: (node: ts.Node) => void): void => {
  f(node)
  ts.forEachChild(node, (child) => walk(child, f))
}

/** The names of public exports that no example shows, each with its module. */
export const unshown = ({ examples, modules, program }: Sources): ReadonlyArray<string> => {
  const checker = program.getTypeChecker()

  const resolved = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

  /** The declarations of whatever a name stands for: unlike a symbol, they are the same however it was reached. */
  const declarationsOf = (symbol: ts.Symbol | undefined) =>
    symbol === undefined ? [] : (resolved(symbol).declarations ?? []).filter(isOurs)

  const named = (root: ts.Node) => {
    const found = new Set<ts.Declaration>()
    walk(root, (node) => {
      if (!ts.isIdentifier(node)) return
      for (const declaration of declarationsOf(checker.getSymbolAtLocation(node))) found.add(declaration)
    })
    return found
  }

  const held = (root: ts.Node) => {
    const found = new Set<ts.Declaration>()
    walk(root, (node) => {
      if (!ts.isIdentifier(node) && !ts.isObjectBindingPattern(node)) return
      const type = checker.getTypeAtLocation(node)
      for (const part of type.isUnionOrIntersection() ? [type, ...type.types] : [type]) {
        for (const symbol of [part.aliasSymbol, part.getSymbol()]) {
          for (const declaration of declarationsOf(symbol)) found.add(declaration)
        }
      }
    })
    return found
  }

  const exported = new Map<ts.Symbol, string>()
  for (const { name, sourceFile } of modules) {
    const module = checker.getSymbolAtLocation(sourceFile)
    for (const alias of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const symbol = resolved(alias)
      // The members of `export * as Module` are counted where their module is.
      if (symbol.flags & ts.SymbolFlags.ValueModule || exported.has(symbol)) continue
      exported.set(symbol, `${name}: ${alias.name}`)
      if (!(symbol.flags & ts.SymbolFlags.Class)) continue
      for (const member of symbol.exports?.values() ?? []) {
        if (member.name !== "prototype" && declarationsOf(member).length > 0) {
          exported.set(member, `${name}: ${alias.name}.${member.name}`)
        }
      }
    }
  }

  const shown = new Set(examples.flatMap((file) => [...named(file), ...held(file)]))
  const isShown = (symbol: ts.Symbol) => declarationsOf(symbol).some((declaration) => shown.has(declaration))

  // What is shown spreads to the shapes in its declaration, and from those on.
  const values = new Set([...exported.keys()].filter((symbol) => !isShape(symbol)).flatMap(declarationsOf))
  const queue = [...exported.keys()].filter(isShown).flatMap(declarationsOf)
  for (let declaration = queue.pop(); declaration !== undefined; declaration = queue.pop()) {
    for (const part of named(declaration)) {
      if (shown.has(part) || values.has(part)) continue
      shown.add(part)
      queue.push(part)
    }
  }

  return Array.from(exported)
    .filter(([symbol]) => !isShown(symbol))
    .map(([, name]) => name)
    .toSorted()
}
