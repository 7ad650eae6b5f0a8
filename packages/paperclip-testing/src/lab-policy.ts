/** What the operator of a test's server allows its agents, besides what every agent may do. */
export const labRules = {
  // The record of a live run names its kubeconfig by path.
  kubeconfigTrust: 'paths',
  allow: {
    sidecars: true,
    kubeconfig: true,
    serviceAccountName: ['missing'],
    volumeFolders: ['/paperclip/*'],
    workspaceVolumeClaim: true,
  },
}

/** The same as the server's environment has it. */
export const labPolicy = JSON.stringify(labRules)
