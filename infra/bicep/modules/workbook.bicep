// The page in the portal on which runs are watched: jobs, failures, stalls, executions.

param name string
param location string
param tags object
param workspaceId string
param jobIds string[]

func section(title string, query string, workspace string) object => {
  type: 3
  name: title
  content: {
    version: 'KqlItem/1.0'
    title: title
    query: query
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    crossComponentResources: [workspace]
    timeContextFromParameter: 'period'
  }
}

func chart(title string, metric string, aggregation int, job string) object => {
  type: 10
  name: title
  content: {
    version: 'MetricsItem/2.0'
    title: title
    chartId: guid(title)
    chartType: 2
    size: 0
    metricScope: 0
    resourceType: 'microsoft.app/jobs'
    resourceIds: [job]
    timeContextFromParameter: 'period'
    metrics: [{ namespace: 'microsoft.app/jobs', metric: 'microsoft.app/jobs--${metric}', aggregation: aggregation }]
  }
}

var period = {
  type: 9
  name: 'parameters'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    parameters: [
      {
        id: guid('period')
        version: 'KqlParameterItem/1.0'
        name: 'period'
        label: 'Period'
        type: 4
        value: { durationMs: 86400000 }
        typeSettings: { selectableValues: [{ durationMs: 3600000 }, { durationMs: 86400000 }, { durationMs: 604800000 }, { durationMs: 2592000000 }] }
      }
    ]
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'runs')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Distil runs (${name})'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat(
        [
          period
          section('Jobs', loadTextContent('../queries/jobs.kql'), workspaceId)
          section('Failures', loadTextContent('../queries/failed-jobs.kql'), workspaceId)
          section('Stopped without a result', loadTextContent('../queries/stalled-jobs.kql'), workspaceId)
          section('Not begun', loadTextContent('../queries/waiting-jobs.kql'), workspaceId)
        ],
        map(jobIds, id => chart('Executions of ${last(split(id, '/'))}', 'Executions', 1, id)),
        map(jobIds, id => chart('CPU of ${last(split(id, '/'))}', 'UsageNanoCores', 4, id))
      )
      fallbackResourceIds: [workspaceId]
      isLocked: false
    })
  }
}
