// What the host's account and the artifacts' have in common.

@export()
@description('A storage account without keys and public blobs; if it is private, only private endpoints and the addresses given reach it.')
func accountProperties(privateNetworking bool, allowedIps string[]) object => {
  accessTier: 'Hot'
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  allowSharedKeyAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: privateNetworking && empty(allowedIps) ? 'Disabled' : 'Enabled'
  networkAcls: {
    bypass: privateNetworking ? 'None' : 'AzureServices'
    defaultAction: privateNetworking ? 'Deny' : 'Allow'
    ipRules: map(allowedIps, ip => { value: ip })
  }
}
