const _ = require('lodash');

module.exports = {
  handler: (event, context) => {
    const answer = _.assign({}, event.data, { date: `${new Date().toISOString()} UTC` });
    console.log(answer);
    return answer;
  },
};
