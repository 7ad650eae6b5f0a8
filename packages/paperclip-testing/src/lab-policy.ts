/** What the operator of a test's server allows its agents, besides what every agent may do. */
export const labPolicy = JSON.stringify({
  allow: {
    enableDocker: true,
    kubeconfig: true,
    serviceAccountName: ['missing'],
    volumeFolders: ['/paperclip/*'],
    workspaceVolumeClaim: true,
  },
})
