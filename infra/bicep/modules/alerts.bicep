// Who is told what: a job failed, a job stopped reporting, a job does not begin, the money runs out.

param name string
param location string
param tags object
param workspaceId string

@description('Who is told.')
param email string

@description('Budget of the resource group in a month, in the subscription\'s currency; 0 sets none.')
@minValue(0)
param monthlyBudget int

@description('First day of the first month, yyyy-MM-dd. A budget\'s start is fixed once made, so it is no function of the date of deployment.')
param budgetStart string

var rules = [
  {
    name: 'failed-jobs'
    text: 'A job failed. It is tried again where its failure may pass; the run\'s status names the last failure.'
    query: loadTextContent('../queries/failed-jobs.kql')
    window: 'PT15M'
    every: 'PT15M'
    severity: 2
  }
  {
    name: 'stalled-jobs'
    text: 'A job has reported nothing for twenty minutes and has no result.'
    query: loadTextContent('../queries/stalled-jobs.kql')
    window: 'PT6H'
    every: 'PT10M'
    severity: 2
  }
  {
    name: 'waiting-jobs'
    text: 'A job was asked for half an hour ago and has not begun: its platform has no machine for it, or the host stands still.'
    query: loadTextContent('../queries/waiting-jobs.kql')
    window: 'PT6H'
    every: 'PT10M'
    severity: 2
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'distil'
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Distil: ${replace(rule.name, '-', ' ')}'
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      windowSize: rule.window
      evaluationFrequency: rule.every
      autoMitigate: true
      // The tables come with the first line written to them: a new deployment has none yet.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [{ name: 'Job', operator: 'Include', values: ['*'] }]
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = if (monthlyBudget > 0) {
  name: 'budget-${name}'
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: '${budgetStart}T00:00:00Z' }
    filter: { dimensions: { name: 'ResourceGroupName', operator: 'In', values: [resourceGroup().name] } }
    notifications: {
      spent: { enabled: true, operator: 'GreaterThan', threshold: 80, thresholdType: 'Actual', contactEmails: [email], contactGroups: [people.id] }
      forecast: { enabled: true, operator: 'GreaterThan', threshold: 100, thresholdType: 'Forecasted', contactEmails: [email], contactGroups: [people.id] }
    }
  }
}
