// Calls the official client of the artifact service: client.mjs <folder of the package> <command> <arguments…>
// Commands: upload <name> <root> <level> <file>… | list | download <name> <folder> | delete <name>
// The last line of the output is JSON: {answer, seconds} or {error}.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, command, ...given] = process.argv.slice(2)
const { exports, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const entry = join(folder, exports?.['.']?.import ?? main)
const { DefaultArtifactClient } = await import(pathToFileURL(entry).href)
const client = new DefaultArtifactClient()

const commands = {
  async upload(name, root, level, ...files) {
    return await client.uploadArtifact(name, files, root, { compressionLevel: Number(level) })
  },
  async list() {
    return await client.listArtifacts()
  },
  async download(name, path) {
    const { artifact } = await client.getArtifact(name)
    const { digestMismatch } = await client.downloadArtifact(artifact.id, { path, expectedHash: artifact.digest })
    return { artifact, digestMismatch }
  },
  async delete(name) {
    return await client.deleteArtifact(name)
  }
}

try {
  const begun = performance.now()
  const answer = await commands[command](...given)
  console.log('\n' + JSON.stringify({ answer, seconds: (performance.now() - begun) / 1000 }))
} catch (error) {
  console.log('\n' + JSON.stringify({ error: `${error.name}: ${error.message}` }))
  process.exitCode = 1
}
