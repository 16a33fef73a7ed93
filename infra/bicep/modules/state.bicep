// The account of the Functions host: its package, its leases and, if Durable keeps its state in storage, the history of the pipeline.

import { accountProperties } from 'account.bicep'
import { blobDataOwner, queueDataContributor, tableDataContributor } from 'roles.bicep'

@description('Name of the account: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param sku string

@description('Identity of the Functions app: the whole account, because the host makes its own containers, queues and tables.')
param hostName string

@description('Whether Durable keeps its state here; without it, nobody may use queues and tables.')
param holdsHistory bool

@description('Whether only private endpoints and allowedIps reach the account.')
param privateNetworking bool
param allowedIps string[]

@description('Workspace that gets the account\'s metrics.')
param workspaceId string

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: accountProperties(privateNetworking, allowedIps)
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: 'app-package'
  properties: { publicAccess: 'None' }
}

resource metrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account
  name: 'metrics'
  properties: { workspaceId: workspaceId, metrics: [{ category: 'Transaction', enabled: true }] }
}

var roles = union([blobDataOwner], holdsHistory ? [queueDataContributor, tableDataContributor] : [])

resource hostData 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    scope: account
    name: guid(account.id, host.id, role)
    properties: {
      principalId: host.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

output id string = account.id
output packagesUri string = '${account.properties.primaryEndpoints.blob}${packages.name}'
