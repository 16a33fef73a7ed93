#!/bin/sh
# Builds the trainer's image in the registry of the deployment and gives it to the two jobs by its digest. azd calls it after each provisioning.
set -eu

: "${AZURE_CONTAINER_REGISTRY_ENDPOINT:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"
: "${AZURE_RESOURCE_GROUP:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"
: "${GPU_JOB_ID:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"
: "${CPU_JOB_ID:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"

registry=${AZURE_CONTAINER_REGISTRY_ENDPOINT%%.*}
: "${AZURE_SUBSCRIPTION_ID:?is not set; azd sets it when it has chosen one}"
az() { command az "$@" --subscription "$AZURE_SUBSCRIPTION_ID"; } # not the one that az itself would choose

# A commit is built once; changes that are in no commit, and a folder without git, each time.
if tag=$(git rev-parse HEAD 2>/dev/null) && [ -z "$(git status --porcelain)" ]; then
  az acr repository show --name "$registry" --image "distil-trainer:$tag" --output none 2>/dev/null && built=yes
else
  tag=$(date -u +%Y%m%d-%H%M%S)
fi

if [ -z "${built:-}" ]; then
  az acr build --registry "$registry" --image "distil-trainer:$tag" --file infra/container/Dockerfile .
fi

digest=$(az acr repository show --name "$registry" --image "distil-trainer:$tag" --query digest --output tsv)
# The next provisioning keeps the image.
azd env set DISTIL_IMAGE "distil-trainer@$digest"
for job in "$GPU_JOB_ID" "$CPU_JOB_ID"; do
  az containerapp job update --ids "$job" --image "$AZURE_CONTAINER_REGISTRY_ENDPOINT/distil-trainer@$digest" --output none
done
