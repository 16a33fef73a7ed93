#!/bin/sh
# Builds the trainer's image in the registry of the deployment and gives it to the two jobs by its digest. azd calls it after each provisioning.
set -eu

: "${AZURE_CONTAINER_REGISTRY_ENDPOINT:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"
: "${AZURE_RESOURCE_GROUP:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"
: "${GPU_JOB_ID:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"
: "${CPU_JOB_ID:?is not set; azd sets it from the outputs of infra/bicep/azd.bicep}"

registry=${AZURE_CONTAINER_REGISTRY_ENDPOINT%%.*}
tag=$(git rev-parse HEAD)
if ! az acr repository show --name "$registry" --image "distil-trainer:$tag" --output none 2>/dev/null; then
  az acr build --registry "$registry" --image "distil-trainer:$tag" --file infra/container/Dockerfile .
fi

digest=$(az acr repository show --name "$registry" --image "distil-trainer:$tag" --query digest --output tsv)
# The next provisioning keeps the image.
azd env set DISTIL_IMAGE "distil-trainer@$digest"
for job in "$GPU_JOB_ID" "$CPU_JOB_ID"; do
  az containerapp job update --ids "$job" --image "$AZURE_CONTAINER_REGISTRY_ENDPOINT/distil-trainer@$digest" --output none
done
