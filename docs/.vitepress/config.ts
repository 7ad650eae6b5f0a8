import { defineConfig } from 'vitepress'

/** The pages in the order of the side bar; a page that is missing here fails the build of the documentation. */
const pages: { text: string; items: { text: string; link: string }[] }[] = [
  {
    text: 'Start',
    items: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Migration', link: '/migration' },
      { text: 'Comparison', link: '/comparison' },
      { text: 'FAQ', link: '/faq' },
      { text: 'Glossary', link: '/glossary' },
    ],
  },
  {
    text: 'Agents',
    items: [
      { text: 'Claude Code', link: '/claude-code' },
      { text: 'OpenCode', link: '/opencode' },
      { text: 'Codex', link: '/codex' },
      { text: 'Adding an agent', link: '/adding-an-agent' },
    ],
  },
  {
    text: 'Operate',
    items: [
      { text: 'Operations', link: '/operations' },
      { text: 'Observability', link: '/observability' },
      { text: 'Security', link: '/security' },
      { text: 'Configuration', link: '/configuration' },
      { text: 'Command line', link: '/cli' },
      { text: 'Agents in CI', link: '/cli-in-ci' },
      { text: 'The agent image', link: '/agent-image' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'Error codes', link: '/errors' },
    ],
  },
  {
    text: 'Understand',
    items: [
      { text: 'Architecture', link: '/architecture' },
      { text: 'Decisions', link: '/adr/' },
      { text: 'API reference', link: '/api' },
      { text: 'Job runner', link: '/job-runner' },
      { text: 'Launcher', link: '/launcher' },
      { text: 'Log stream', link: '/log-stream' },
      { text: 'mini-kube', link: '/mini-kube' },
      { text: 'Kubernetes facts', link: '/kubernetes-facts' },
      { text: 'Paperclip facts', link: '/paperclip-facts' },
      { text: 'Agent command lines', link: '/agent-clis' },
      { text: 'Verdicts of the parsers', link: '/agent-verdicts' },
      { text: 'Mutation tests', link: '/mutation-testing' },
    ],
  },
]

export default defineConfig({
  title: 'agent-jobs',
  description: 'Run coding agents as Kubernetes Jobs.',
  cleanUrls: true,
  // Pages are plain Markdown: `{{ }}` in their text belongs to templates of prompts, Helm and GitHub Actions, not to Vue.
  markdown: {
    config(md) {
      const { text } = md.renderer.rules
      md.renderer.rules.text = (...args) => (text?.(...args) ?? '').replaceAll('{{', '&#123;&#123;')
    },
  },
  // Links into the repository, outside of these pages.
  ignoreDeadLinks: [/^\.\.\//, /\/\.\.\//],
  rewrites: { 'adr/README.md': 'adr/index.md' },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'GitHub', link: 'https://github.com/agent-jobs/agent-jobs' },
    ],
    sidebar: pages,
    search: { provider: 'local' },
    outline: [2, 3],
  },
})
