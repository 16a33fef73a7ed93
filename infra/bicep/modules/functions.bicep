// The Functions app that runs the pipeline and answers the API, on Flex Consumption.

param name string
param location string
param tags object
param hostName string
param storageName string
param insightsName string

@description('URI of the container with the app\'s package.')
param packagesUri string

@description('URI of the artifact container.')
param artifactsUri string

@description('Resource ids of the jobs.')
param gpuJobId string
param cpuJobId string

@description('Endpoint and task hub of the Durable Task Scheduler; empty keeps Durable\'s state in the storage account.')
param schedulerEndpoint string
param schedulerHub string

@description('URI of the secret with the hub\'s token; empty for none.')
param hubTokenUri string

@description('Settings of the app besides those made here, for instance those of Azure Machine Learning.')
param moreSettings object

@description('Application (client) id of the app registration that callers sign in to; empty for function keys alone.')
param apiClientId string

@description('Whether the app is reached through its private endpoint only (and allowedIps).')
param privateNetworking bool
param allowedIps string[]

@description('Instances that are always there for orchestrations, so that a timer does not wait for a cold start; 0 for none.')
@minValue(0)
param alwaysReady int

@description('Whether instances are spread over zones; the region must have them.')
param zoneRedundant bool

@description('Workspace that gets the app\'s log.')
param workspaceId string

@description('Subnet of the app\'s outgoing calls; empty for none.')
param subnetId string

@description('Most instances at once.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var clientId = host.properties.clientId
var settings = union(
  {
    AzureWebJobsStorage__accountName: storageName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: clientId
    AZURE_CLIENT_ID: clientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
    WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED: '0' // placeholders are known to crash isolated apps of .NET 10
    AzureWebJobsDisableHomepage: 'true' // the live view is there
    DISTIL_ARTIFACTS: artifactsUri
    DISTIL_GPU_JOB: gpuJobId
    DISTIL_CPU_JOB: cpuJobId
  },
  empty(hubTokenUri) ? {} : { HF_TOKEN: '@Microsoft.KeyVault(SecretUri=${hubTokenUri})' },
  empty(schedulerEndpoint)
    ? {}
    : {
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${clientId}'
        AzureFunctionsJobHost__extensions__durableTask__hubName: schedulerHub
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
        AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
      },
  moreSettings
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${name}'
  location: location
  tags: union(tags, { 'azd-service-name': 'api' }) // azd publishes to the app with this tag
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${host.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: host.id
    publicNetworkAccess: privateNetworking && empty(allowedIps) ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUri
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: host.id }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstances
        instanceMemoryMB: 2048
        alwaysReady: alwaysReady == 0 ? [] : [{ name: 'durable', instanceCount: alwaysReady }]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ipSecurityRestrictionsDefaultAction: privateNetworking ? 'Deny' : 'Allow'
      scmIpSecurityRestrictionsUseMain: true // publishing too
      ipSecurityRestrictions: [for (ip, i) in allowedIps: { ipAddress: contains(ip, '/') ? ip : '${ip}/32', action: 'Allow', priority: 100 + i }]
      appSettings: map(items(settings), item => { name: item.key, value: item.value })
    }
  }

  // The platform checks the token before the app sees the request.
  resource signIn 'config' = if (!empty(apiClientId)) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: { requireAuthentication: true, unauthenticatedClientAction: 'Return401' }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: { clientId: apiClientId, openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0' }
          validation: { allowedAudiences: ['api://${apiClientId}', apiClientId] }
        }
      }
    }
  }

  // Publishing takes an Entra token; a password would be a key by another name.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
