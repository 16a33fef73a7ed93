// The account of the artifacts: runs, teacher outputs, checkpoints, models.

import { accountProperties } from 'account.bicep'
import { blobDataContributor } from 'roles.bicep'

@description('Name of the account: 3 to 24 lower-case letters and digits.')
@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param sku string

@description('Container of the artifacts.')
param artifactContainer string

@description('Identity of the Functions app: the artifact container only.')
param hostName string

@description('Identity of the jobs: the artifact container only.')
param trainerName string

@description('Object ids of people who upload teachers and read reports: the artifact container only.')
param operatorPrincipalIds string[]

@description('Whether only private endpoints and allowedIps reach the account.')
param privateNetworking bool
param allowedIps string[]

@description('Workspace that gets a line for each write; the alert on stalled runs reads them.')
param workspaceId string

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: trainerName
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
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    // The lifecycle goes by the last access: teacher outputs that each epoch reads stay in the hot tier.
    lastAccessTimeTrackingPolicy: { enable: true, name: 'AccessTimeTracking', trackingGranularityInDays: 1, blobType: ['blockBlob'] }
  }
}

resource artifacts 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: artifactContainer
  properties: { publicAccess: 'None' }
}

resource writes 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'writes'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }]
  }
}

resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: artifacts
  name: guid(artifacts.id, host.id, blobDataContributor)
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource trainerBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: artifacts
  name: guid(artifacts.id, trainer.id, blobDataContributor)
  properties: {
    principalId: trainer.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource operatorBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operatorPrincipalIds: {
    scope: artifacts
    name: guid(artifacts.id, operator, blobDataContributor)
    properties: {
      principalId: operator // a person, or what signs in for a deployment: Azure finds which
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    }
  }
]

output id string = account.id
output artifactsUri string = '${account.properties.primaryEndpoints.blob}${artifacts.name}'
