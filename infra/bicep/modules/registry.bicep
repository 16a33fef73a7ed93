// The trainer's image.

import { acrPull } from 'roles.bicep'

@minLength(5)
@maxLength(50)
param name string
param location string
param tags object
param trainerName string
param privateNetworking bool
param allowedIps string[]

@description('Workspace that gets its log of pulls and pushes.')
param workspaceId string

resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: trainerName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: location
  tags: tags
  // Private endpoints and address rules exist on Premium only.
  sku: { name: privateNetworking ? 'Premium' : 'Basic' }
  properties: union(
    {
      adminUserEnabled: false
      anonymousPullEnabled: false
      publicNetworkAccess: privateNetworking && empty(allowedIps) ? 'Disabled' : 'Enabled'
    },
    privateNetworking
      ? {
          policies: { retentionPolicy: { days: 30, status: 'enabled' } }
          networkRuleBypassOptions: 'AzureServices'
          networkRuleSet: { defaultAction: 'Deny', ipRules: map(allowedIps, ip => { action: 'Allow', value: ip }) }
        }
      : {}
  )
}

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, trainer.id, acrPull)
  properties: {
    principalId: trainer.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: registry
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerRegistryRepositoryEvents', enabled: true }
      { category: 'ContainerRegistryLoginEvents', enabled: true }
    ]
  }
}

output id string = registry.id
output loginServer string = registry.properties.loginServer
