/* Compares manifests with the schemas of the Kubernetes API, and what of them has to agree:
 * check.js FILE...; a line for each fault, and status 1 if there is one. */
'use strict';
const fs = require('fs');
const path = require('path');
const yaml = require('yaml');

/* Not a part of the API; kustomize's own. */
const OTHERS = new Set(['Kustomization']);
const KINDS = ['Namespace', 'Secret', 'Job', 'Deployment', 'Service', 'PodDisruptionBudget'];

function read(file) {
    return yaml.parseAllDocuments(fs.readFileSync(file, 'utf8')).map((text) => {
        if (text.errors.length > 0) throw new Error(`${file}: ${text.errors[0].message}`);
        return { file, object: text.toJS() };
    });
}

function modelOf(object) {
    return require(`kubernetes-models/${object.apiVersion}`)[object.kind];
}

/* The value, which takes the path of each part of it that is looked at out of `unseen`. */
function watch(value, path, unseen) {
    if (value === null || typeof value !== 'object') return value;
    const parts = Array.isArray(value) ? [] : {};
    Object.keys(value).forEach((key) => {
        unseen.add(`${path}/${key}`);
        parts[key] = watch(value[key], `${path}/${key}`, unseen);
    });
    return new Proxy(parts, {
        get: (object, key) => {
            unseen.delete(`${path}/${String(key)}`);
            return object[key];
        },
    });
}

/* The schemas take any field, as the API does, which forgets what it does not know. But they look
 * at what they know and at nothing else: what they have not looked at is misspelt, or misplaced. */
function checkSchema({ file, object }) {
    const model = modelOf(object);
    if (!model) return [`${file}: no kind ${object.kind} in ${object.apiVersion}`];
    const unseen = new Set();
    try {
        model.prototype.validate.call(watch(object, '', unseen));
    } catch (fault) {
        return [`${file}: ${object.kind}: ${fault.message}`];
    }
    return [...unseen]
        .filter((path) => !unseen.has(path.slice(0, path.lastIndexOf('/'))))
        .map((path) => `${file}: ${object.kind}: there is no field ${path}`);
}

/* Kubernetes may not kill what is still draining, and what is selected must be there. */
function checkAgreement(objects) {
    const one = (kind) => objects.find((object) => object.kind === kind);
    const deployment = one('Deployment').spec;
    const pod = deployment.template.spec;
    const setting = (name) =>
        Number(pod.containers[0].env.find((variable) => variable.name === name).value);
    const labels = JSON.stringify(deployment.template.metadata.labels);
    const readiness = pod.containers[0].readinessProbe;
    const notice = setting('CLMD_NOTICE_SECONDS');
    const claims = {
        'grace is longer than notice and drain':
            pod.terminationGracePeriodSeconds > notice + setting('CLMD_DRAIN_SECONDS'),
        'the notice outlasts the readiness probe':
            notice > readiness.periodSeconds * readiness.failureThreshold,
        'the deployment selects its pods':
            JSON.stringify(deployment.selector.matchLabels) === labels,
        'the service selects them': JSON.stringify(one('Service').spec.selector) === labels,
        'the disruption budget selects them':
            JSON.stringify(one('PodDisruptionBudget').spec.selector.matchLabels) === labels,
        'job and servers have one image':
            one('Job').spec.template.spec.containers[0].image === pod.containers[0].image,
    };
    return Object.keys(claims)
        .filter((claim) => !claims[claim])
        .map((claim) => `it is not so that ${claim}`);
}

const documents = process.argv.slice(2).flatMap(read);
const known = documents.filter(({ object }) => !OTHERS.has(object.kind));
const objects = known.map(({ object }) => object);
const missing = KINDS.filter((kind) => !objects.some((object) => object.kind === kind));
const faults = [
    ...missing.map((kind) => `there is no ${kind}`),
    ...known.flatMap(checkSchema),
    ...(missing.length === 0 ? checkAgreement(objects) : []),
];
faults.forEach((fault) => console.log(fault.replace(`${path.resolve('.')}/`, '')));
process.exitCode = faults.length > 0 ? 1 : 0;
