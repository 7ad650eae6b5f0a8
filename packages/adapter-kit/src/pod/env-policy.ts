import { hasSensitiveForm, isSensitive } from '@agent-jobs/primitives'
import { matchesPattern, matchesPatterns } from '../policy/patterns.ts'

/** Why a variable of the server does not reach agents. */
export type WithheldReason =
  /** The agent's settings deny it. */
  | 'denied'
  /** It is not on the list of variables for agents. */
  | 'not_listed'
  /** It belongs to the server's own process and would mislead another one. */
  | 'of_the_server'
  /** It names a file or folder that the agent's pod does not have. */
  | 'path_missing'
  /** It is the server's own identity at a cloud. */
  | 'cloud_identity'
  /** It refers to a Secret or ConfigMap of the server's namespace, and the agent runs in another. */
  | 'other_namespace'

/** The rule's decision about one inherited variable, and why. */
export type EnvVerdict = { keep: true; sensitive: boolean } | { keep: false; reason: WithheldReason }

/** Additions to the built-in list. `*` matches anything. */
export interface EnvPolicy {
  allow: readonly string[]
  deny: readonly string[]
}

// What agents need of a server: model providers, proxies, locale, certificate authorities. Everything else stays with the
// server, whatever its name: an agent runs other people's text with a shell, and can be made to print its environment.
const forAgents: readonly string[] = [
  'ANTHROPIC_*',
  'CLAUDE_*',
  'OPENAI_*',
  'CODEX_*',
  'OPENCODE_*',
  'PAPERCLIP_OPENCODE_*',
  'OPENROUTER_*',
  'GEMINI_*',
  'GOOGLE_API_KEY',
  'GOOGLE_GENERATIVE_AI_API_KEY',
  'GOOGLE_CLOUD_PROJECT',
  'GOOGLE_CLOUD_LOCATION',
  'GOOGLE_VERTEX_*',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'CLOUD_ML_REGION',
  'VERTEX_*',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AZURE_OPENAI_*',
  'AZURE_API_KEY',
  'AZURE_RESOURCE_NAME',
  'AZURE_COGNITIVE_SERVICES_*',
  'MISTRAL_*',
  'GROQ_*',
  'XAI_*',
  'DEEPSEEK_*',
  'TOGETHER_*',
  'FIREWORKS_*',
  'CEREBRAS_*',
  'PERPLEXITY_*',
  'COHERE_*',
  'MOONSHOT_*',
  'ZHIPU_*',
  'DASHSCOPE_*',
  'HF_TOKEN',
  'OLLAMA_*',
  'LITELLM_*',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'TZ',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'DENO_CERT',
  'NPM_CONFIG_CAFILE',
  'npm_config_cafile',
]

// AWS credentials may serve a server's storage as well as Bedrock; agents get them only when Bedrock is switched on.
const forBedrock: readonly string[] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']

// Who the server's pod is at its cloud. Tokens of its service account are never given to agents, so these would only fail
// there, and would override an identity that the agent's own service account provides.
const cloudIdentity: readonly string[] = [
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_*',
  'AZURE_CLIENT_ID',
  'AZURE_TENANT_ID',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_AUTHORITY_HOST',
]

// These describe the server's own process. No pattern can pass them on.
const ofTheServer: readonly string[] = [
  'AGENT_JOBS_*',
  'BAGGAGE',
  'PAPERCLIP_AGENT_JOBS_*',
  'BASH_ENV',
  'ENV',
  'HOME',
  'HOST',
  'HOSTNAME',
  'KUBECONFIG',
  'KUBERNETES_*',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'LISTEN_*',
  'NODE_ENV',
  'NODE_OPTIONS',
  'NODE_PATH',
  'OTEL_ENTITIES',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_SERVICE_*',
  'PAPERCLIP_AGENT_JWT_SECRET',
  'PAPERCLIP_GITHUB_AUTH_MODE',
  'PAPERCLIP_SECRETS_*',
  'PATH',
  'PORT',
  'PWD',
  'SERVE_UI',
  'SHELL',
  'TMPDIR',
  'TRACEPARENT',
  'TRACESTATE',
  'USER',
  'ZDOTDIR',
]

/** Variables that name files with certificates, wherever they come from. */
export const authorityNames: readonly string[] = forAgents.filter((name) =>
  /(?:CERT|CA|CAINFO|CA_BUNDLE|CAFILE|cafile)(?:S|_FILE|_DIR|_CERTS)?$/.test(name),
)

/** Variables that are never secret by their kind; only these may be part of a Job. */
const plainNames: readonly string[] = [
  'TZ',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'NO_PROXY',
  'no_proxy',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'CLOUD_ML_REGION',
  'NODE_USE_SYSTEM_CA',
]

const databaseUrl = /^(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?):\/\//i

/** True when a value may be part of a Job, where everyone with `jobs get` can read it. */
export function isPlain(name: string, value: string): boolean {
  return matchesPatterns(name, plainNames) && !hasSensitiveForm(value)
}

/** What is known about the rest of the server's environment. */
export interface EnvFacts {
  /** The server uses models of Amazon Bedrock. */
  bedrock?: boolean
}

/** Decides whether an agent may see a variable of the server; the value is known for literals only. */
export function judgeInherited(name: string, policy: EnvPolicy, value = '', facts: EnvFacts = {}): EnvVerdict {
  if (matchesPatterns(name, policy.deny)) return { keep: false, reason: 'denied' }
  if (matchesPatterns(name, ofTheServer)) return { keep: false, reason: 'of_the_server' }
  if (matchesPatterns(name, cloudIdentity)) return { keep: false, reason: 'cloud_identity' }
  if (matchesPatterns(name, policy.allow)) return { keep: true, sensitive: isSensitive(name, value) }
  const isListed = matchesPatterns(name, forAgents) || (facts.bedrock === true && matchesPatterns(name, forBedrock))
  if (!isListed || databaseUrl.test(value)) return { keep: false, reason: 'not_listed' }
  return { keep: true, sensitive: isSensitive(name, value) }
}

/** Whether a whole source or volume of the server, such as `secret/NAME`, is allowed for agents. */
export function isSourceAllowed(label: string, allow: readonly string[]): boolean {
  return allow.some((pattern) => pattern.includes('/') && matchesPattern(label, pattern))
}

// What woke the run, and where it works: only their names look like those of credentials.
const harmless: ReadonlySet<string> = new Set(['PAPERCLIP_WAKE_PAYLOAD_JSON', 'PAPERCLIP_WORKSPACES_JSON'])

/** True when the value of an agent's variable must not appear in its run's log. */
export function isCredential(name: string, value: string): boolean {
  return !harmless.has(name) && isSensitive(name, value)
}
