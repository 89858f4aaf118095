import { describeScenarios } from '../support/describe-scenarios.js';

describeScenarios('Python');
