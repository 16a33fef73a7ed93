// The secret that people give: the token of the Hugging Face hub. Nothing else here is secret.

import { secretsUser } from 'roles.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags object

@description('Identities that read the secrets.')
param readerNames string[]
param privateNetworking bool
param allowedIps string[]

@description('Workspace that gets a line for each access.')
param workspaceId string

resource reader 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = [
  for reader in readerNames: {
    name: reader
  }
]

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: privateNetworking && empty(allowedIps) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: privateNetworking ? 'None' : 'AzureServices'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
      ipRules: [for ip in allowedIps: { value: ip }]
    }
  }
}

resource accesses 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'accesses'
  properties: { workspaceId: workspaceId, logs: [{ category: 'AuditEvent', enabled: true }] }
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in readerNames: {
    scope: vault
    name: guid(vault.id, reader[i].id, secretsUser)
    properties: {
      principalId: reader[i].properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
    }
  }
]

output id string = vault.id
output uri string = vault.properties.vaultUri
