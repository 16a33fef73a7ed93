// Where logs, traces and metrics go. Telemetry is accepted from the two identities only: its connection string alone opens nothing.

import { metricsPublisher } from 'roles.bicep'

param name string

@description('Name of the Application Insights component.')
param insightsName string
param location string
param tags object
param retentionDays int

@description('Gigabytes a day after which the workspace takes no more logs until the next day; -1 takes all.')
param dailyQuotaGb int

@description('Identities that send telemetry.')
param senderNames string[]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true }
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource sender 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = [
  for sender in senderNames: {
    name: sender
  }
]

resource send 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in senderNames: {
    scope: insights
    name: guid(insights.id, sender[i].id, metricsPublisher)
    properties: {
      principalId: sender[i].properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    }
  }
]

output workspaceId string = workspace.id
