import { init } from 'echarts'
import type { Series } from '../figure.ts'
import { exponentOf } from '../support/exponent.ts'

/** A plot of cost against size with logarithmic axes, beside the line of linear growth, as SVG. */
export function plot({ name, size, unit, points }: Series): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 640, height: 400 })
  try {
    const [first = [1, 1]] = points
    const linear = points.map(([x]) => [x, (first[1] * x) / first[0]])
    chart.setOption({
      animation: false,
      title: { text: `${name}: exponent ${exponentOf(points).toFixed(2)}`, textStyle: { fontSize: 14 } },
      legend: { bottom: 0, data: ['measured', 'linear'] },
      grid: { left: 70, right: 30, top: 50, bottom: 75 },
      xAxis: { type: 'log', name: size, nameLocation: 'middle', nameGap: 28 },
      yAxis: { type: 'log', name: unit },
      series: [
        { name: 'measured', type: 'line', data: points, symbolSize: 8 },
        { name: 'linear', type: 'line', data: linear, symbol: 'none', lineStyle: { type: 'dashed' } },
      ],
    })
    return chart.renderToSVGString()
  } finally {
    // A chart keeps a timer, and with it the process.
    chart.dispose()
  }
}
